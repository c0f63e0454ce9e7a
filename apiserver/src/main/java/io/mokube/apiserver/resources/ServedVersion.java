package io.mokube.apiserver.resources;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.table.TableLayout;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * One served version of a resource.
 *
 * @param name such as {@code v1}
 * @param schema the shape of its objects, read when first needed
 * @param table the columns kubectl shows
 * @param conversion between this version and the storage version
 * @param custom what a version of a custom resource has of its own; null for built-in resources
 */
public record ServedVersion(
        String name,
        Supplier<Schema> schema,
        TableLayout table,
        Conversion conversion,
        @Nullable Custom custom) {

    /** A version of a built-in resource. */
    public ServedVersion(String name, Supplier<Schema> schema, TableLayout table, Conversion conversion) {
        this(name, schema, table, conversion, null);
    }

    /**
     * What differs between the versions of a custom resource. Their objects are admitted and validated in the version
     * they are sent in, and turned into the storage version by the strategy only when they are stored.
     *
     * @param strategy works on objects of this version
     * @param openApi the schema as it is published: a component of an OpenAPI 3 document, not to be changed
     * @param deprecation the sentence that warns whoever uses this version, {@code ""} for none
     */
    public record Custom(
            ResourceStrategy strategy,
            List<Subresource> subresources,
            Supplier<ObjectNode> openApi,
            String deprecation) {

        public Custom {
            subresources = List.copyOf(subresources);
        }
    }
}
