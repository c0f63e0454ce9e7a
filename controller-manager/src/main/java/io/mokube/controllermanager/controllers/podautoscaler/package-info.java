/**
 * The horizontal pod autoscaler: as many replicas as what is measured asks for, within what its owner allows. What is
 * measured is fetched here, how many replicas that makes is decided by pure functions.
 *
 * <p>Pods are not made here: the target's own controller makes them.
 */
@NullMarked
package io.mokube.controllermanager.controllers.podautoscaler;

import org.jspecify.annotations.NullMarked;
