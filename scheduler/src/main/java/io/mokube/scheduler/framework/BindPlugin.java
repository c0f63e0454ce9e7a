package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import java.util.Optional;

/** Binds a pod to its node ({@code Bind}). */
public interface BindPlugin extends Plugin {

    /**
     * Binds the pod. Called beside decisions, on a thread of the pod's own.
     *
     * @return empty when this plugin leaves the pod to the next one
     */
    Optional<BindOutcome> bind(PodInfo pod, String node, ApiObjects objects) throws InterruptedException;
}
