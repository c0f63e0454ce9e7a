/**
 * Validating admission policies: expressions that judge a write, put to use by bindings.
 *
 * <p>The language and its functions live in {@code cel}, what is meant by a match in {@code admission.match}.
 */
@NullMarked
package io.mokube.apiserver.admission.policies;

import org.jspecify.annotations.NullMarked;
