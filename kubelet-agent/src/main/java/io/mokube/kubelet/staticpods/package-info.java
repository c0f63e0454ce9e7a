/**
 * Pods that come from files of the node: they run without an API server. Where there is one, each is shown there by a mirror
 * pod.
 *
 * <p>What runs and how is the business of the workers, as for other pods.
 */
@NullMarked
package io.mokube.kubelet.staticpods;

import org.jspecify.annotations.NullMarked;
