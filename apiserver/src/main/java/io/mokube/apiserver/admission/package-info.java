/**
 * Rules over a write that need more than the object itself: who asks, and what else is in the cluster.
 *
 * <p>Checks of the object alone belong to {@code validation} and the resources' strategies.
 */
@NullMarked
package io.mokube.apiserver.admission;

import org.jspecify.annotations.NullMarked;
