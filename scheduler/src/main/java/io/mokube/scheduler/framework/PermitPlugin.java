package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.time.Duration;

/** Has the last word on a decision, and may keep the pod waiting beside its reserved place ({@code Permit}). */
public interface PermitPlugin extends RejectingPlugin {

    /** Whether the pod may be bound to the node. Called by the deciding thread, after everything was reserved; no I/O. */
    Permission permit(PodInfo pod, String node, Snapshot snapshot);

    /** The answer. */
    sealed interface Permission {

        record Allowed() implements Permission {}

        record Denied(String reason) implements Permission {}

        /**
         * Not yet: somebody will say so through {@link WaitingPods}.
         *
         * @param patience after this time it is a denial; at most 15 minutes
         */
        record Wait(Duration patience) implements Permission {}
    }
}
