/**
 * Queries over UDP and TCP: sockets, threads and their bounds. What is answered is decided by a {@link
 * io.mokube.dns.server.QueryHandler}.
 */
@NullMarked
package io.mokube.dns.server;

import org.jspecify.annotations.NullMarked;
