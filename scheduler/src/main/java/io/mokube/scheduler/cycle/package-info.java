/**
 * The scheduling loop: what watches tell goes into the cluster state and the queue; the loop takes a pod, asks for a
 * decision, assumes it and writes it, beside the next decision.
 *
 * <p>The only package of the scheduler that talks to the API server. No rule about which node is good.
 */
@NullMarked
package io.mokube.scheduler.cycle;

import org.jspecify.annotations.NullMarked;
