/**
 * The files that a pod's containers see: empty directories, config maps, secrets, tokens, the pod's own fields.
 *
 * <p>Persistent volumes are not here yet.
 */
@NullMarked
package io.mokube.kubelet.volume;

import org.jspecify.annotations.NullMarked;
