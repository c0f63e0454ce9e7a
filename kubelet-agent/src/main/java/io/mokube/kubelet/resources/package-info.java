/**
 * How much pods may have: what they ask for, what a node has for them, and the kernel's settings that follow.
 *
 * <p>No clock, no I/O, no state.
 */
@NullMarked
package io.mokube.kubelet.resources;

import org.jspecify.annotations.NullMarked;
