package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.DeleteOptions.Propagation;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Removes Jobs, with their pods, so many seconds after they have ended as they ask for. */
public final class TtlAfterFinishedController implements Reconciler<ObjectKey> {

    private static final String NAME = "ttl-after-finished-controller";

    private final Store<Job> jobs;
    private final ResourceClient<Job> client;
    private final Clock clock;

    private TtlAfterFinishedController(Store<Job> jobs, ResourceClient<Job> client, Clock clock) {
        this.jobs = jobs;
        this.client = client;
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        Informer<Job> jobs = context.informers().informer(Job.class);
        TtlAfterFinishedController controller = new TtlAfterFinishedController(
                jobs.store(),
                context.client().resource(Job.class),
                context.platform().clock());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, 5, controller, context.platform());
        jobs.addHandler(new Handler<>() {
            @Override
            public void added(Job job) {
                timeLeft(job, Instant.EPOCH).ifPresent(any -> loop.queue().add(Ownership.key(job)));
            }

            @Override
            public void updated(Job before, Job now) {
                added(now);
            }
        });
        return Controller.of(NAME, List.of(jobs), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Job> cached = jobs.get(key);
        Optional<Duration> left = cached.flatMap(job -> timeLeft(job, clock.instant()));
        if (left.isEmpty()) {
            return Outcome.done();
        }
        if (left.get().isPositive()) {
            return Outcome.again(left.get());
        }
        // The time may have been changed a moment ago; a Job that is gone does not come back.
        Optional<Job> fresh = client.get(key);
        Optional<Duration> now = fresh.flatMap(job -> timeLeft(job, clock.instant()));
        if (now.isEmpty()) {
            return Outcome.done();
        }
        if (now.get().isPositive()) {
            return Outcome.again(now.get());
        }
        try {
            client.delete(
                    key,
                    DeleteOptions.DEFAULT
                            .withUid(fresh.orElseThrow().getMetadata().getUid())
                            .withResourceVersion(
                                    fresh.orElseThrow().getMetadata().getResourceVersion())
                            .withPropagation(Propagation.FOREGROUND));
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
        return Outcome.done();
    }

    /** How much longer a Job may stay, not positive when its time is over; empty when it has no such limit, or runs. */
    static Optional<Duration> timeLeft(Job job, Instant now) {
        @Nullable Integer seconds = job.getSpec().getTtlSecondsAfterFinished();
        if (seconds == null || Ownership.isBeingDeleted(job)) {
            return Optional.empty();
        }
        return JobFacts.ending(job)
                .flatMap(ending -> Times.parse(ending.getLastTransitionTime()))
                .map(ended -> Duration.between(now, ended.plusSeconds(seconds)));
    }
}
