/**
 * Decides what to do about one pod: a pure function from the desired pod, what is remembered, what the runtime shows and the time to the status, the actions and the next wake-up.
 *
 * <p>No clock, no I/O, no executor and no logger.
 */
@NullMarked
package io.mokube.kubelet.lifecycle;

import org.jspecify.annotations.NullMarked;
