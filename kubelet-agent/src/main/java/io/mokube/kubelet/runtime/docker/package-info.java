/**
 * Pods on a Docker Engine of this machine: a pause container holds a pod's namespaces, its other containers join them.
 *
 * <p>What Docker has no place for (annotations, attempts, whose container it is) stands in labels; nothing is kept on disk
 * or in memory. Containers without those labels are never touched.
 */
@NullMarked
package io.mokube.kubelet.runtime.docker;

import org.jspecify.annotations.NullMarked;
