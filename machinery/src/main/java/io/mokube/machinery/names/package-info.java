/**
 * The names of API groups, versions, kinds and resources, and the formats that names must have.
 *
 * <p>No objects and no selectors belong here.
 */
@NullMarked
package io.mokube.machinery.names;

import org.jspecify.annotations.NullMarked;
