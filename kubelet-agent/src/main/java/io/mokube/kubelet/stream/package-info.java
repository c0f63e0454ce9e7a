/**
 * Several byte streams on one connection: SPDY/3.1 and WebSocket channels, as kubectl and container runtimes speak them.
 * Netty's event loop brings frames, blocking threads read and write streams, and a full buffer stops the reading.
 *
 * <p>Nothing here knows a container or a pod.
 */
@NullMarked
package io.mokube.kubelet.stream;

import org.jspecify.annotations.NullMarked;
