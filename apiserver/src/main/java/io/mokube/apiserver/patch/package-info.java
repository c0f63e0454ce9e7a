/**
 * The kinds of patch over JSON trees: JSON patch, merge patch, strategic merge patch.
 *
 * <p>Pure functions of a tree, a patch and, for strategic merge, a schema. Whether the result is a valid object is not
 * decided here.
 */
@NullMarked
package io.mokube.apiserver.patch;

import org.jspecify.annotations.NullMarked;
