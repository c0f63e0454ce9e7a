package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
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
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodChanges;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetDecision.Change;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Keeps as many pods as each owner of one kind wants, ReplicaSet or ReplicationController.
 *
 * <p>It decides only on a cache that shows all its own writes. So however long the cache lags, whatever events are
 * repeated, an owner never gets more pods than it wants.
 *
 * @param <O> the owners
 */
final class ReplicaReconciler<O extends HasMetadata> implements Reconciler<ObjectKey> {

    private static final int WORKERS = 5;

    /** How soon to look whether the cache has caught up; the event that it waits for usually comes much earlier. */
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final ReplicaOwner<O> kind;
    private final Store<O> owners;
    private final Store<Pod> pods;
    private final Dependents<O, Pod> dependents;
    private final ResourceClient<O> client;
    private final PodChanges changes;
    private final Clock clock;

    private ReplicaReconciler(
            ReplicaOwner<O> kind,
            Informer<O> owners,
            Informer<Pod> pods,
            ControllerContext context,
            EventRecorder events) {
        this.kind = kind;
        this.owners = owners.store();
        this.pods = pods.store();
        this.client = context.client().resource(kind.model());
        ResourceClient<Pod> podClient = context.client().resource(Pod.class);
        this.dependents = new Dependents<>(pods, client, podClient);
        this.changes = new PodChanges(
                podClient, dependents.writes(), events, context.platform().random());
        this.clock = context.platform().clock();
        Dependents.index(owners);
    }

    /** The controller of this name for owners of one kind. */
    static <O extends HasMetadata> Controller create(String name, ReplicaOwner<O> kind, ControllerContext context) {
        Informer<O> owners = context.informers().informer(kind.model());
        Informer<Pod> pods = context.informers().informer(Pod.class);
        ReplicaReconciler<O> reconciler = new ReplicaReconciler<>(
                kind, owners, pods, context, context.recorders().apply(name));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(name, WORKERS, reconciler, context.platform());
        owners.addHandler(new Handler<>() {
            @Override
            public void added(O owner) {
                loop.queue().add(Ownership.key(owner));
            }

            @Override
            public void updated(O before, O now) {
                // Mostly the echo of a status.
                boolean echo = Objects.equals(
                        before.getMetadata().getGeneration(), now.getMetadata().getGeneration());
                Duration wait =
                        echo ? reconciler.dependents.gathering(now.getMetadata().getUid()) : Duration.ZERO;
                loop.queue().addAfter(Ownership.key(now), wait);
            }

            @Override
            public void deleted(O last) {
                loop.queue().add(Ownership.key(last));
                reconciler.forget(last);
            }
        });
        reconciler.dependents.tellOwners(
                HasMetadata.getKind(kind.model()), owners.store(), reconciler::selector, loop.queue()::addAfter);
        return Controller.of(name, List.of(owners, pods), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) throws InterruptedException {
        Optional<O> found = owners.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        O owner = found.get();
        String uid = owner.getMetadata().getUid();
        Optional<LabelSelector> selector = selector(owner);
        if (selector.isEmpty()) {
            return Outcome.giveUp("the selector can't be understood");
        }
        changes.foundPods(owner, dependents.settle(uid));
        if (!dependents.showsWritesOf(uid)) {
            return Outcome.again(CACHE_CHECK);
        }
        try {
            return reconcile(owner, selector.get());
        } finally {
            if (owners.get(key)
                    .filter(now -> now.getMetadata().getUid().equals(uid))
                    .isEmpty()) {
                forget(owner);
            }
        }
    }

    private Outcome reconcile(O owner, LabelSelector selector) throws InterruptedException {
        ReplicaSet replicaSet = kind.view(owner);
        List<Pod> owned = dependents.claim(owner, selector, PodFacts::isActive);
        List<Pod> active = owned.stream().filter(PodFacts::isActive).toList();
        int terminating =
                Math.toIntExact(owned.stream().filter(PodFacts::isTerminating).count());
        Instant now = clock.instant();
        Change change = ReplicaSetDecision.change(replicaSet, active, () -> related(owner, active), now);
        PodChanges.Result result =
                switch (change) {
                    case Change.None() -> PodChanges.Result.SUCCESS;
                    case Change.Create(int count) -> changes.create(owner, drafts(replicaSet, count));
                    case Change.Delete(List<Pod> surplus) -> changes.delete(owner, surplus);
                };
        writeStatus(owner, ReplicaSetDecision.status(replicaSet, active, terminating, result.failure(), now));
        result.throwError();
        return ReplicaSetDecision.nextAvailable(replicaSet, active, now)
                .map(Outcome::again)
                .orElseGet(Outcome::done);
    }

    private static List<PodChanges.Draft> drafts(ReplicaSet replicaSet, int count) {
        String base = replicaSet.getMetadata().getName() + "-";
        return Collections.nCopies(
                count, new PodChanges.Draft("", base, replicaSet.getSpec().getTemplate()));
    }

    /** The active pods of all owners that have the same owner. */
    private List<Pod> related(O owner, List<Pod> active) {
        return Ownership.controllerOf(owner)
                .map(above -> Dependents.of(owners, above.getUid()).stream()
                        .flatMap(sibling ->
                                Dependents.of(pods, sibling.getMetadata().getUid()).stream())
                        .filter(PodFacts::isActive)
                        .toList())
                .orElse(active);
    }

    private void writeStatus(O owner, ReplicaSetStatus status) {
        Optional<O> changed = kind.withStatus(owner, status);
        if (changed.isEmpty()) {
            return;
        }
        try {
            client.updateStatus(changed.get());
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // it changed, and the change brings its key back
                throw e;
            }
        }
    }

    private void forget(O owner) {
        dependents.writes().forget(owner.getMetadata().getUid());
        changes.forget(owner);
    }

    /** The selector; one that selects everything is refused as Kubernetes does. */
    private Optional<LabelSelector> selector(O owner) {
        return Ownership.selector(kind.view(owner).getSpec().getSelector()).filter(selector -> !selector.isEmpty());
    }
}
