/**
 * HTTP: the listening server, TLS, requests in, answers out in the form the client asked for, watches as streams.
 *
 * <p>What a request means is decided behind {@code pipeline}.
 */
@NullMarked
package io.mokube.apiserver.http;

import org.jspecify.annotations.NullMarked;
