package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Says whether a pod may be considered at all ({@code PreEnqueue}). */
public interface EnqueuePlugin extends RejectingPlugin {

    /**
     * Why the pod must wait; empty when it need not. Asked again when the pod changes, and after the events of
     * {@link #unblockedBy}.
     *
     * @param cluster the cluster as it is known now; only worked out for those who ask
     */
    Optional<String> holdsBack(PodInfo pod, Supplier<Snapshot> cluster);

    /** By default only a change of the pod itself helps. */
    @Override
    default Set<ClusterEvent> unblockedBy() {
        return Set.of();
    }
}
