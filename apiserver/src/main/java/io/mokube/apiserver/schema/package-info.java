/**
 * What fields an object of a kind may have: types, required fields, defaults, merge keys; and the checks that follow from them.
 *
 * <p>Nothing that knows a single kind belongs here: that is data.
 */
@NullMarked
package io.mokube.apiserver.schema;

import org.jspecify.annotations.NullMarked;
