/**
 * Facts about one pod that are computed from its object alone: quality of service, names, labels, container kinds.
 *
 * <p>No clock, no I/O, no state.
 */
@NullMarked
package io.mokube.kubelet.pods;

import org.jspecify.annotations.NullMarked;
