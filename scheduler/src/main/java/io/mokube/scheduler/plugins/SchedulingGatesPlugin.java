package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.EnqueuePlugin;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.Optional;
import java.util.function.Supplier;

/** Holds a pod back until all of its scheduling gates are removed. */
public final class SchedulingGatesPlugin implements EnqueuePlugin {

    @Override
    public String name() {
        return "SchedulingGates";
    }

    @Override
    public Optional<String> holdsBack(PodInfo pod, Supplier<Snapshot> cluster) {
        return pod.gates().isEmpty() ? Optional.empty() : Optional.of("waiting for scheduling gates: " + pod.gates());
    }
}
