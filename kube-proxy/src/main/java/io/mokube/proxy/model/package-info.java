/**
 * What the proxy knows: services with their endpoints and the node it works for, reduced to the facts that decide where a
 * packet goes.
 *
 * <p>Everything here is a value. How the facts become rules, and how they are learned, does not belong here.
 */
@NullMarked
package io.mokube.proxy.model;

import org.jspecify.annotations.NullMarked;
