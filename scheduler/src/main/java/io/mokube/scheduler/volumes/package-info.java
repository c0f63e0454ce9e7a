/**
 * What scheduling needs to know of storage: claims, volumes, their classes, what drivers still have room for and how much
 * a node may attach; and the rules by which a pod's claims get volumes on a node.
 *
 * <p>Pure values and functions. What is written to the API server follows from a {@link VolumePlan} and is done elsewhere.
 */
@NullMarked
package io.mokube.scheduler.volumes;

import org.jspecify.annotations.NullMarked;
