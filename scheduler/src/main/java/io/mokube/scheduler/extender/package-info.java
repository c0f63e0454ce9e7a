/**
 * Extenders: services that have a say in decisions over HTTP, as kube-scheduler's extenders do; how they are configured and
 * what is sent to them.
 *
 * <p>What their answers mean for a decision stands in {@code framework}.
 */
@NullMarked
package io.mokube.scheduler.extender;

import org.jspecify.annotations.NullMarked;
