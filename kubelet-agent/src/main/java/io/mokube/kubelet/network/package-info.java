/**
 * The network of a node and its pods: what their resolv.conf and hosts file say, the node's bridge and its configuration,
 * and the routes to other nodes.
 *
 * <p>What is to be is decided by pure functions, and brought about by {@link io.mokube.kubelet.network.PodNetwork}.
 * Single pods get their addresses from the container runtime.
 */
@NullMarked
package io.mokube.kubelet.network;

import org.jspecify.annotations.NullMarked;
