package io.mokube.kubelet.lifecycle;

import java.time.Duration;
import java.util.Optional;

/**
 * That a pod has to end although nobody deleted it: it was evicted, refused, or its node shuts down. It fails once nothing of
 * it runs any more.
 *
 * @param reason of its status, such as {@code Evicted}
 * @param message of its status
 * @param grace how long its containers may take to end; the pod's own period when empty
 * @param disruption whether the pod tells by its condition DisruptionTarget that the node ended it
 */
public record Ending(String reason, String message, Optional<Duration> grace, boolean disruption) {}
