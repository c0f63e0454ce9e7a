package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Dependents;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.Optional;
import java.util.function.Function;

/**
 * Takes the finalizer off pods that no Job will count any more: their Job is gone or has ended, or they have none. Else
 * nobody could delete them.
 */
final class OrphanPods implements Reconciler<ObjectKey> {

    private final Store<Pod> pods;
    private final Store<Job> jobs;
    private final ResourceClient<Pod> client;
    private final ResourceClient<Job> jobClient;

    private OrphanPods(Store<Pod> pods, Store<Job> jobs, ControllerContext context) {
        this.pods = pods;
        this.jobs = jobs;
        this.client = context.client().resource(Pod.class);
        this.jobClient = context.client().resource(Job.class);
    }

    /** A loop over pods that may be orphans. */
    static ReconcileLoop<ObjectKey> loop(
            String controller, Informer<Job> jobs, Informer<Pod> pods, ControllerContext context) {
        OrphanPods orphans = new OrphanPods(pods.store(), jobs.store(), context);
        ReconcileLoop<ObjectKey> loop =
                new ReconcileLoop<>(controller + " orphan pods", 1, orphans, context.platform());
        pods.addHandler(Handler.each(pod -> {
            if (orphans.isOrphan(pod, orphans.jobs::get)) {
                loop.queue().add(Ownership.key(pod));
            }
        }));
        jobs.addHandler(new Handler<>() {
            @Override
            public void updated(Job before, Job now) {
                if (JobFacts.isFinished(now)) {
                    deleted(now);
                }
            }

            @Override
            public void deleted(Job last) {
                Dependents.of(pods.store(), last.getMetadata().getUid())
                        .forEach(pod -> loop.queue().add(Ownership.key(pod)));
            }
        });
        return loop;
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Pod> pod = pods.get(key);
        // The cache of Jobs may be behind that of pods, so the server has the last word.
        if (pod.isPresent() && isOrphan(pod.get(), jobs::get) && isOrphan(pod.get(), jobClient::get)) {
            try {
                TrackedPods.withoutFinalizer(client, pod.get());
            } catch (ApiException e) {
                if (!e.isConflict() && !e.isNotFound()) { // it changed, and the change brings its key back
                    throw e;
                }
            }
        }
        return Outcome.done();
    }

    private boolean isOrphan(Pod pod, Function<ObjectKey, Optional<Job>> lookup) {
        if (!JobPod.isTracked(pod)) {
            return false;
        }
        Optional<OwnerReference> controller = Ownership.controllerOf(pod);
        if (controller.isEmpty()) {
            return true;
        }
        OwnerReference owner = controller.get();
        if (!owner.getKind().equals("Job") || !owner.getApiVersion().equals("batch/v1")) {
            return false;
        }
        return lookup.apply(new ObjectKey(Ownership.namespace(pod), owner.getName()))
                .filter(job -> job.getMetadata().getUid().equals(owner.getUid()))
                .map(job -> JobFacts.isFinished(job) && !JobFacts.isManagedElsewhere(job))
                .orElse(true);
    }
}
