package io.mokube.scheduler.cycle;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.BindOutcome;
import io.mokube.scheduler.snapshot.PodInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.ObjectNode;

/** What plugins may do to the API server in one term of leadership. A pod that only waits takes no writer's place. */
final class BindingObjects implements ApiObjects {

    private static final Duration FIRST_LOOK = Duration.ofMillis(20);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    /** Who writes an event of a pod's scheduler. */
    interface Reports {
        void normal(PodInfo pod, String reason, String message);
    }

    private final ApiWrites writes;
    private final Reports reports;
    private final Clock clock;
    private final Semaphore writers;

    /**
     * For threads that hold one of the writers' places.
     *
     * @param writes guarded by the term
     */
    BindingObjects(ApiWrites writes, Reports reports, Clock clock, Semaphore writers) {
        this.writes = writes;
        this.reports = reports;
        this.clock = clock;
        this.writers = writers;
    }

    @Override
    public <T extends HasMetadata> Optional<T> get(Class<T> type, ObjectKey key) {
        return writes.resource(type).get(key);
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        return client(object).create(object);
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        return client(object).update(object);
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        return client(object).updateStatus(object);
    }

    @Override
    public <T extends HasMetadata> T patchStatus(Class<T> type, ObjectKey key, ObjectNode patch) {
        return writes.resource(type).patch(key, PatchKind.STRATEGIC, patch, "status");
    }

    @Override
    public void report(PodInfo pod, String reason, String message) {
        reports.normal(pod, reason, message);
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    @SuppressWarnings("unchecked") // an object's class is the class of such objects
    private <T extends HasMetadata> ResourceClient<T> client(T object) {
        return writes.resource((Class<T>) object.getClass());
    }

    @Override
    public boolean await(BooleanSupplier condition, Duration patience) throws InterruptedException {
        long begun = clock.nanoTime();
        Duration pause = FIRST_LOOK;
        while (!condition.getAsBoolean()) {
            long left = patience.toNanos() - (clock.nanoTime() - begun);
            if (left <= 0) {
                return false;
            }
            writers.release();
            try {
                clock.sleep(pause.toNanos() < left ? pause : Duration.ofNanos(left));
            } finally {
                writers.acquireUninterruptibly();
            }
            pause = pause.multipliedBy(2).compareTo(LOOK_EVERY) < 0 ? pause.multipliedBy(2) : LOOK_EVERY;
        }
        return true;
    }

    @Override
    public BindOutcome bind(PodInfo pod, String node) throws InterruptedException {
        return writes.bind(pod, node);
    }
}
