/**
 * Whether a user may do what a request asks.
 *
 * <p>How the user was recognised, and what the request's body holds, are no questions for this package.
 */
@NullMarked
package io.mokube.apiserver.authz;

import org.jspecify.annotations.NullMarked;
