/**
 * How a node looks after itself, as a file of kind {@code KubeletConfiguration} says it: what is reserved, when pods are evicted,
 * when images are removed, where static pods are, how the node shuts down.
 *
 * <p>Values and their reading; nothing here acts.
 */
@NullMarked
package io.mokube.kubelet.policy;

import org.jspecify.annotations.NullMarked;
