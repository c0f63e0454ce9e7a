/**
 * Rules in the kernel, through the commands nft and conntrack of this machine.
 *
 * <p>What the rules are does not belong here.
 */
@NullMarked
package io.mokube.proxy.apply.nftables;

import org.jspecify.annotations.NullMarked;
