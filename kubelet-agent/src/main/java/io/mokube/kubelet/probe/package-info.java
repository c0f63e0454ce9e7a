/**
 * Asks running containers whether they are alive, ready and started.
 *
 * <p>What follows from an answer is decided in {@code lifecycle}.
 */
@NullMarked
package io.mokube.kubelet.probe;

import org.jspecify.annotations.NullMarked;
