package io.mokube.scheduler.framework;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.snapshot.PodInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * The API server, as plugins may use it while a pod is being bound. Every write is refused once the scheduler's term is
 * over. Refusals of the API server are {@code ApiException}s; a lost connection is an unchecked exception too, and leaves
 * open whether the write took place.
 */
public interface ApiObjects {

    <T extends HasMetadata> Optional<T> get(Class<T> type, ObjectKey key);

    <T extends HasMetadata> T create(T object);

    /** Replaces an object; a conflict when it is not the one that was read. */
    <T extends HasMetadata> T update(T object);

    /** Replaces an object's status. */
    <T extends HasMetadata> T updateStatus(T object);

    /** Changes an object's status by a strategic patch. */
    <T extends HasMetadata> T patchStatus(Class<T> type, ObjectKey key, ObjectNode patch);

    /** Reports something to a pod's users, in a normal event of the pod's scheduler. */
    void report(PodInfo pod, String reason, String message);

    /** What time it is, for stamps in objects. */
    Instant now();

    /**
     * Waits until something is so, asking now and then.
     *
     * @return false when it is not so in time
     */
    boolean await(BooleanSupplier condition, Duration patience) throws InterruptedException;

    /**
     * Binds the pod to a node, and returns when it is certain whether it is.
     *
     * @throws InterruptedException when the thread is interrupted while it is unknown
     */
    BindOutcome bind(PodInfo pod, String node) throws InterruptedException;
}
