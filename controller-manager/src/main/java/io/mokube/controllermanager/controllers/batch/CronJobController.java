package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.DeleteOptions.Propagation;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.controllermanager.controllers.ownership.Dependents;
import io.mokube.controllermanager.controllers.ownership.OwnStatus;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Begins Jobs on the schedules of CronJobs and removes the oldest that have ended.
 *
 * <p>Like every owner here it decides only on caches that show its own writes.
 */
public final class CronJobController implements Reconciler<ObjectKey>, CronJobActions {

    private static final String NAME = "cronjob-controller";
    private static final int WORKERS = 5;

    /** How soon to look whether the caches have caught up; the events that it waits for usually come much earlier. */
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final Store<CronJob> cronJobs;
    private final Store<Job> jobs;
    private final Dependents<CronJob, Job> dependents;
    private final OwnStatus<CronJob> ownStatus;
    private final ResourceClient<Job> jobClient;
    private final EventRecorder events;
    private final CronJobSync sync;

    private CronJobController(
            Informer<CronJob> cronJobs,
            Informer<Job> jobs,
            ControllerContext context,
            ZoneId local,
            EventRecorder events) {
        ResourceClient<CronJob> client = context.client().resource(CronJob.class);
        this.cronJobs = cronJobs.store();
        this.jobs = jobs.store();
        this.jobClient = context.client().resource(Job.class);
        this.dependents = new Dependents<>(jobs, client, jobClient);
        this.ownStatus = new OwnStatus<>(client);
        this.events = events;
        this.sync = new CronJobSync(this, local, context.platform().clock());
    }

    public static Controller create(ControllerContext context) {
        Informer<CronJob> cronJobs = context.informers().informer(CronJob.class);
        Informer<Job> jobs = context.informers().informer(Job.class);
        ZoneId local = ZoneId.systemDefault();
        CronJobController controller = new CronJobController(
                cronJobs, jobs, context, local, context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        cronJobs.addHandler(new Handler<>() {
            @Override
            public void added(CronJob cronJob) {
                loop.queue().add(Ownership.key(cronJob));
            }

            @Override
            public void updated(CronJob before, CronJob now) {
                // What a new schedule would have begun before it was there is not made up for.
                boolean moved =
                        !before.getSpec().getSchedule().equals(now.getSpec().getSchedule())
                                || !Objects.equals(
                                        before.getSpec().getTimeZone(),
                                        now.getSpec().getTimeZone());
                Duration wait = moved
                        ? CronJobDecision.untilNext(
                                        now, local, context.platform().clock().instant())
                                .orElse(Duration.ZERO)
                        : Duration.ZERO;
                loop.queue().addAfter(Ownership.key(now), wait);
            }

            @Override
            public void deleted(CronJob last) {
                controller.forget(last);
            }
        });
        controller.dependents.tellOwners("CronJob", cronJobs.store(), any -> Optional.empty(), loop.queue()::addAfter);
        return Controller.of(NAME, List.of(cronJobs, jobs), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<CronJob> found = cronJobs.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        CronJob cronJob = found.get();
        String uid = cronJob.getMetadata().getUid();
        ownStatus.settle(cronJob);
        dependents.settle(uid);
        if (!ownStatus.isShown(cronJob) || !dependents.showsWritesOf(uid)) {
            return Outcome.again(CACHE_CHECK);
        }
        try {
            return sync.sync(cronJob, Dependents.of(jobs, uid));
        } finally {
            if (cronJobs.get(key)
                    .filter(now -> now.getMetadata().getUid().equals(uid))
                    .isEmpty()) {
                forget(cronJob);
            }
        }
    }

    private void forget(CronJob cronJob) {
        ownStatus.forget(cronJob.getMetadata().getUid());
        dependents.writes().forget(cronJob.getMetadata().getUid());
    }

    // -- what is done about a CronJob -------------------------------------------------------------------------------

    @Override
    public Optional<CronJob> writeStatus(CronJob cronJob, CronJobStatus status) {
        return ownStatus.write(new CronJobBuilder(cronJob).withStatus(status).build());
    }

    @Override
    public Optional<Job> begin(CronJob cronJob, Job job) {
        String uid = cronJob.getMetadata().getUid();
        try {
            Job created = jobClient.create(job);
            dependents.writes().stored(uid, created);
            events.normal(
                    cronJob,
                    "SuccessfulCreate",
                    "Created job " + created.getMetadata().getName());
            return Optional.of(created);
        } catch (ConnectionException e) {
            dependents.writes().failed(uid, Ownership.key(job), e);
            throw e;
        } catch (ApiException e) {
            if (e.isAlreadyExists()) {
                return begunBefore(cronJob, job);
            }
            if (NamespaceEnding.isCauseOf(e)) {
                return Optional.empty();
            }
            dependents.writes().failed(uid, Ownership.key(job), e);
            events.warning(cronJob, "FailedCreate", "Error creating job: " + e.getMessage());
            throw e;
        }
    }

    /** The Job of an earlier attempt whose answer or status was lost; not one that somebody else has. */
    private Optional<Job> begunBefore(CronJob cronJob, Job job) {
        Optional<Job> there =
                jobClient.get(Ownership.key(job)).filter(found -> Ownership.isControlledBy(found, cronJob));
        there.ifPresent(
                found -> dependents.writes().stored(cronJob.getMetadata().getUid(), found));
        return there;
    }

    @Override
    public void remove(CronJob cronJob, Job job) {
        String uid = cronJob.getMetadata().getUid();
        try {
            jobClient.delete(
                    Ownership.key(job),
                    DeleteOptions.DEFAULT.withUid(job.getMetadata().getUid()).withPropagation(Propagation.BACKGROUND));
            events.normal(
                    cronJob,
                    "SuccessfulDelete",
                    "Deleted job " + job.getMetadata().getName());
        } catch (ConnectionException e) {
            dependents.writes().failed(uid, Ownership.key(job), e);
            throw e;
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) { // gone, or another has its name
                dependents.writes().failed(uid, Ownership.key(job), e);
                events.warning(cronJob, "FailedDelete", "Deleted job: " + e.getMessage());
                throw e;
            }
        }
        dependents.writes().deleted(uid, job);
    }

    @Override
    public void tell(CronJob cronJob, Notice notice) {
        notice.tell(events, cronJob);
    }
}
