/**
 * The node's own object: registration, capacity, conditions, heartbeats.
 *
 * <p>Pods do not belong here.
 */
@NullMarked
package io.mokube.kubelet.node;

import org.jspecify.annotations.NullMarked;
