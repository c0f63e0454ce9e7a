/**
 * Rules that nobody follows, for nodes that run no containers.
 *
 * <p>What the rules are does not belong here.
 */
@NullMarked
package io.mokube.proxy.apply.hollow;

import org.jspecify.annotations.NullMarked;
