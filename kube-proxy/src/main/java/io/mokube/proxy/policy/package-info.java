/**
 * Network policies: which packets between pods may pass, on one machine.
 *
 * <p>Here is the way from objects of the API to rules that hold. What the rules are is for {@code compile}, and the kernel
 * for {@code apply.nftables}. Services and their addresses do not belong here: a packet is looked at when those have been
 * translated.
 */
@NullMarked
package io.mokube.proxy.policy;

import org.jspecify.annotations.NullMarked;
