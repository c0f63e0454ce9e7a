/**
 * The rules of nftables that make services' addresses lead to their endpoints, as values: from facts to a rule set, and
 * from two rule sets to what must change.
 *
 * <p>A service is data, not rules: elements of a few maps that a constant number of chains look up. So a packet's way does
 * not get longer with more services, and a change of a service is a change of some elements. Only session affinity and
 * source ranges take chains of the service's own.
 *
 * <p>Pure: no clock, no I/O, no threads. What the kernel is told, and how, does not belong here.
 */
@NullMarked
package io.mokube.proxy.compile;

import org.jspecify.annotations.NullMarked;
