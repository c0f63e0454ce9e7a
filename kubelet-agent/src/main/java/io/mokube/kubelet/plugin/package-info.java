/**
 * Plugins on the node that make themselves known by a socket in the agent's folder: drivers of volumes and of devices.
 *
 * <p>Here is how they are found and spoken to. What they are asked for lives with what it is about.
 */
@NullMarked
package io.mokube.kubelet.plugin;

import org.jspecify.annotations.NullMarked;
