/**
 * The container runtime interface over gRPC on a Unix socket, and starting a containerd of one's own.
 *
 * <p>Nothing here knows why a container is wanted.
 */
@NullMarked
package io.mokube.kubelet.runtime.cri;

import org.jspecify.annotations.NullMarked;
