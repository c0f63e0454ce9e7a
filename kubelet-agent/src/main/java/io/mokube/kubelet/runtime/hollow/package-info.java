/**
 * A runtime without containers, for tests and for scale: everything happens by an injected clock.
 *
 * <p>It starts no process and touches no file.
 */
@NullMarked
package io.mokube.kubelet.runtime.hollow;

import org.jspecify.annotations.NullMarked;
