/**
 * Where others ask how the proxy is: load balancers whether a node has endpoints of a service, and whoever watches nodes
 * whether the proxy keeps up.
 *
 * <p>No rules belong here.
 */
@NullMarked
package io.mokube.proxy.health;

import org.jspecify.annotations.NullMarked;
