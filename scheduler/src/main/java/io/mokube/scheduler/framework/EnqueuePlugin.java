package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import java.util.Optional;

/** Says whether a pod may be considered at all ({@code PreEnqueue}). */
public interface EnqueuePlugin extends Plugin {

    /** Why the pod must wait; empty when it need not. Asked again only when the pod changes. */
    Optional<String> holdsBack(PodInfo pod);
}
