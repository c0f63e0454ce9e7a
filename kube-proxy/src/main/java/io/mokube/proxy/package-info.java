/**
 * kube-proxy: the component, its configuration, and the loop that turns what informers tell into rules.
 *
 * <p>What rules services make ({@code compile}) and how the kernel gets them ({@code apply}) do not belong here.
 */
@NullMarked
package io.mokube.proxy;

import org.jspecify.annotations.NullMarked;
