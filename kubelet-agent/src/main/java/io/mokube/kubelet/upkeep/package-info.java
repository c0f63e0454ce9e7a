/**
 * Keeps the node able to run pods: measures what is short, carries out evictions and the removal of images, and ends the pods in
 * order when the node shuts down.
 *
 * <p>Which pod or image goes is decided in {@code eviction}.
 */
@NullMarked
package io.mokube.kubelet.upkeep;

import org.jspecify.annotations.NullMarked;
