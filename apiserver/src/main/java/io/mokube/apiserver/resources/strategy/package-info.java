/**
 * What is particular to each resource beyond its schema: defaults, what a client may set, what must hold, what may change.
 *
 * <p>Pure code over one object and its predecessor: no clock, no storage, no other objects.
 */
@NullMarked
package io.mokube.apiserver.resources.strategy;

import org.jspecify.annotations.NullMarked;
