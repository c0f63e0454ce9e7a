package io.mokube.apiserver.resources;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.table.TableLayout;
import java.util.function.Supplier;

/**
 * One served version of a resource.
 *
 * @param name such as {@code v1}
 * @param schema the shape of its objects, read when first needed
 * @param table the columns kubectl shows
 * @param conversion between this version and the storage version
 */
public record ServedVersion(String name, Supplier<Schema> schema, TableLayout table, Conversion conversion) {}
