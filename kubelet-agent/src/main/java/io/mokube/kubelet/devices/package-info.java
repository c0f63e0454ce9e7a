/**
 * Devices by dynamic resource allocation: the drivers on the node, and the claims of its pods that they prepared.
 *
 * <p>Which device a claim gets is the scheduler's part; how a container sees it is the runtime's, by the device's CDI names.
 */
@NullMarked
package io.mokube.kubelet.devices;

import org.jspecify.annotations.NullMarked;
