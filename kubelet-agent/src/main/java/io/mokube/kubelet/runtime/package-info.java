/**
 * What the agent asks of a container runtime, in the shape of CRI: sandboxes, containers, images.
 *
 * <p>No pods, no policies: whoever calls decides. Implementations live in the packages below.
 */
@NullMarked
package io.mokube.kubelet.runtime;

import org.jspecify.annotations.NullMarked;
