/**
 * The controllers that write endpoint slices: for services that select pods, and for endpoints that somebody wrote by
 * hand. Both decide what the slices should be, pack endpoints so that few slices change, and write the difference.
 *
 * <p>Which pods are behind a service is told by {@code services}; what becomes of traffic is the proxies' business.
 */
@NullMarked
package io.mokube.controllermanager.controllers.endpointslice;

import org.jspecify.annotations.NullMarked;
