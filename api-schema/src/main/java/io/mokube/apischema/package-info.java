/**
 * Writes the schemas of the built-in kinds at build time: types and descriptions are read from the official Java
 * client's model and protobuf classes, merge keys and allowed values from the tables in {@code src/main/schema}.
 *
 * <p>Nothing here runs in a server: the server reads the files this writes into the module's jar.
 */
@NullMarked
package io.mokube.apischema;

import org.jspecify.annotations.NullMarked;
