/**
 * The node's HTTPS server: container logs, pods, health and metrics.
 *
 * <p>Only callers with a client certificate of the cluster's authority get further than the health checks.
 */
@NullMarked
package io.mokube.kubelet.server;

import org.jspecify.annotations.NullMarked;
