/**
 * The scheduler's configuration file, in the form of {@code KubeSchedulerConfiguration}: read strictly, checked with
 * kube-scheduler's messages, and turned into profiles.
 *
 * <p>No rule about which node is good: plugins take their arguments as plain values.
 */
@NullMarked
package io.mokube.scheduler.config;

import org.jspecify.annotations.NullMarked;
