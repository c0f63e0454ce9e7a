/**
 * Which pod has to go when a node runs short of something, which images can go, and what is said about it.
 *
 * <p>No clock, no I/O, no state: what was remembered and measured is handed in.
 */
@NullMarked
package io.mokube.kubelet.eviction;

import org.jspecify.annotations.NullMarked;
