/**
 * The node agent: {@link io.mokube.kubelet.Kubelet} makes the pods that the API server assigns to its node run in a
 * container runtime, and says how they and the node are. Data flows
 * {@code pods -> sync -> lifecycle (decides) -> sync (acts) -> runtime}, and back as status.
 *
 * <p>Spring does not belong here ({@code app} only), nor does anything about other nodes.
 */
@NullMarked
package io.mokube.kubelet;

import org.jspecify.annotations.NullMarked;
