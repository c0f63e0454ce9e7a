/**
 * DaemonSets: a pod on every node that suits.
 *
 * <p>The decisions are pure. Which node suits a pod in general is in {@code placement}; what all owners of pods or
 * revisions share is in {@code ownership} and {@code history}.
 */
@NullMarked
package io.mokube.controllermanager.controllers.daemonset;

import org.jspecify.annotations.NullMarked;
