/**
 * The rules of nftables that let those packets pass which network policies allow, as values: from facts to a rule set, and
 * from two rule sets to what must change.
 *
 * <p>A packet's way is a few lookups, however many policies there are: by the pod, by its peer, and by the port. Which
 * policies a pod is in decides only where the first lookup leads.
 *
 * <p>Pure: no clock, no I/O, no threads. What the kernel is told, and how, does not belong here.
 */
@NullMarked
package io.mokube.proxy.policy.compile;

import org.jspecify.annotations.NullMarked;
