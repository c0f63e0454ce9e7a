/**
 * What scheduling needs to know of devices that pods claim by the piece (dynamic resource allocation): claims, the devices
 * that drivers publish, their classes; and the search for devices that are free and what a claim asks for.
 *
 * <p>Pure values and functions.
 */
@NullMarked
package io.mokube.scheduler.devices;

import org.jspecify.annotations.NullMarked;
