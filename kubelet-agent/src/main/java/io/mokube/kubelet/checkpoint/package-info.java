/**
 * Files with what must outlive the agent and the machine's crash.
 *
 * <p>What is in them, and where they are, belongs to whoever has them written.
 */
@NullMarked
package io.mokube.kubelet.checkpoint;

import org.jspecify.annotations.NullMarked;
