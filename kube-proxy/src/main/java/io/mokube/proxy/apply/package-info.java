/**
 * Making the kernel follow the rules.
 *
 * <p>What the rules are does not belong here.
 */
@NullMarked
package io.mokube.proxy.apply;

import org.jspecify.annotations.NullMarked;
