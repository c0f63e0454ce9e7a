/**
 * Who asks: turns the credentials of a request into a {@link io.mokube.apiserver.authn.User}.
 *
 * <p>What a user may do is not decided here.
 */
@NullMarked
package io.mokube.apiserver.authn;

import org.jspecify.annotations.NullMarked;
