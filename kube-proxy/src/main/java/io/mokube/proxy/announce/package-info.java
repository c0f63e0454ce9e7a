/**
 * The small balancer in front of services of type LoadBalancer: which node owns which address, and the addresses on this
 * machine's links.
 *
 * <p>It lives beside the proxy, and not in the node's agent: an address is of use only where the rules for it are, the same
 * objects decide about both, and a machine has one proxy whatever runs its pods. What becomes of a packet that came here is
 * the rules' matter.
 */
@NullMarked
package io.mokube.proxy.announce;

import org.jspecify.annotations.NullMarked;
