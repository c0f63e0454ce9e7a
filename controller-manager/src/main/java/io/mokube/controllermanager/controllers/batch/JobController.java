package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Dependents;
import io.mokube.controllermanager.controllers.ownership.OwnStatus;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodChanges;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Draft;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Runs pods for Jobs until enough have succeeded, or too many have failed.
 *
 * <p>It decides only on caches that show all its own writes, to pods and to the Job's status. So no pod is counted twice
 * and none is made twice, however long the caches lag.
 */
public final class JobController implements Reconciler<ObjectKey>, JobActions {

    private static final String NAME = "job-controller";
    private static final int WORKERS = 5;

    /** How soon to look whether the caches have caught up; the events that it waits for usually come much earlier. */
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    /** How long changes of pods are gathered, so that a Job's status is not written for each of them. */
    private static final Duration GATHERING = Duration.ofMillis(200);

    private final Store<Job> jobs;
    private final ResourceClient<Job> client;
    private final Dependents<Job, Pod> dependents;
    private final OwnStatus<Job> ownStatus;
    private final PodChanges changes;
    private final TrackedPods tracked;
    private final EventRecorder events;
    private final JobSync sync;

    private JobController(Informer<Job> jobs, Informer<Pod> pods, ControllerContext context, EventRecorder events) {
        this.jobs = jobs.store();
        this.client = context.client().resource(Job.class);
        ResourceClient<Pod> podClient = context.client().resource(Pod.class);
        this.dependents = new Dependents<>(pods, client, podClient, Optional.of(JobPod.FINALIZER));
        this.ownStatus = new OwnStatus<>(client);
        this.changes = new PodChanges(
                podClient, dependents.writes(), events, context.platform().random());
        this.tracked = new TrackedPods(podClient, dependents.writes());
        this.events = events;
        this.sync = new JobSync(this, context.platform().clock());
    }

    public static Controller create(ControllerContext context) {
        Informer<Job> jobs = context.informers().informer(Job.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        JobController controller =
                new JobController(jobs, pods, context, context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        jobs.addHandler(Handler.each(job -> loop.queue().add(Ownership.key(job))));
        jobs.addHandler(new Handler<>() {
            @Override
            public void deleted(Job last) {
                controller.forget(last);
            }
        });
        controller.dependents.tellOwners(
                "Job",
                jobs.store(),
                JobFacts::selector,
                (key, any) -> loop.queue().addAfter(key, GATHERING));
        return Controller.of(NAME, List.of(jobs, pods), loop, OrphanPods.loop(NAME, jobs, pods, context));
    }

    @Override
    public Outcome reconcile(ObjectKey key) throws InterruptedException {
        Optional<Job> found = jobs.get(key);
        if (found.isEmpty() || JobFacts.isManagedElsewhere(found.get())) {
            return Outcome.done();
        }
        Job job = found.get();
        String uid = job.getMetadata().getUid();
        if (JobFacts.isFinished(job)) {
            forget(job);
            return Outcome.done();
        }
        Optional<LabelSelector> selector = JobFacts.selector(job);
        if (selector.isEmpty()) {
            return Outcome.giveUp("the selector can't be understood");
        }
        ownStatus.settle(job);
        changes.foundPods(job, dependents.settle(uid));
        if (!ownStatus.isShown(job) || !dependents.showsWritesOf(uid)) {
            return Outcome.again(CACHE_CHECK);
        }
        try {
            return sync.sync(job, dependents.claim(job, selector.get(), any -> true));
        } finally {
            if (jobs.get(key)
                    .filter(now -> now.getMetadata().getUid().equals(uid))
                    .isEmpty()) {
                forget(job);
            }
        }
    }

    private void forget(Job job) {
        String uid = job.getMetadata().getUid();
        sync.forget(uid);
        ownStatus.forget(uid);
        dependents.writes().forget(uid);
        changes.forget(job);
    }

    // -- what is done about a Job -----------------------------------------------------------------------------------

    @Override
    public Optional<Job> writeStatus(Job job, JobStatus status) {
        return ownStatus.write(new JobBuilder(job).withStatus(status).build());
    }

    @Override
    public Untracked untrack(Job job, List<Pod> pods) throws InterruptedException {
        return tracked.untrack(job, pods);
    }

    @Override
    public void delete(Job job, List<Pod> pods) throws InterruptedException {
        changes.delete(job, pods).throwError();
    }

    @Override
    public void create(Job job, List<Draft> drafts) throws InterruptedException {
        changes.create(job, drafts).throwError();
    }

    @Override
    public void tell(Job job, Notice notice) {
        notice.tell(events, job);
    }
}
