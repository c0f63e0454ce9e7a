/**
 * What all controllers of endpoints need to know about services: which pods are behind one, under which addresses and
 * ports, and which services a change of a pod concerns.
 *
 * <p>How endpoints are written down, in slices or subsets, does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.services;

import org.jspecify.annotations.NullMarked;
