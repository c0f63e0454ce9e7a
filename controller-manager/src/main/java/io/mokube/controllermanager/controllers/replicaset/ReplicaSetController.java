package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
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
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps as many pods as each ReplicaSet wants.
 *
 * <p>It decides only on a cache that shows all its own writes. So however long the cache lags, whatever events are
 * repeated, a ReplicaSet never gets more pods than it wants.
 */
public final class ReplicaSetController implements Reconciler<ObjectKey> {

    private static final String NAME = "replicaset-controller";
    private static final int WORKERS = 5;

    /** How soon to look whether the cache has caught up; the event that it waits for usually comes much earlier. */
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final Store<ReplicaSet> replicaSets;
    private final Store<Pod> pods;
    private final Dependents<ReplicaSet, Pod> dependents;
    private final ResourceClient<ReplicaSet> client;
    private final PodChanges changes;
    private final Clock clock;

    private ReplicaSetController(
            Informer<ReplicaSet> replicaSets, Informer<Pod> pods, ControllerContext context, EventRecorder events) {
        this.replicaSets = replicaSets.store();
        this.pods = pods.store();
        this.client = context.client().resource(ReplicaSet.class);
        ResourceClient<Pod> podClient = context.client().resource(Pod.class);
        this.dependents = new Dependents<>(pods, client, podClient);
        this.changes = new PodChanges(
                podClient, dependents.writes(), events, context.platform().random());
        this.clock = context.platform().clock();
        Dependents.index(replicaSets);
    }

    public static Controller create(ControllerContext context) {
        Informer<ReplicaSet> replicaSets = context.informers().informer(ReplicaSet.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        ReplicaSetController controller = new ReplicaSetController(
                replicaSets, pods, context, context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        replicaSets.addHandler(Handler.each(replicaSet -> loop.queue().add(Ownership.key(replicaSet))));
        replicaSets.addHandler(new Handler<>() {
            @Override
            public void deleted(ReplicaSet last) {
                controller.forget(last);
            }
        });
        controller.dependents.tellOwners(
                "ReplicaSet", replicaSets.store(), ReplicaSetController::selector, loop.queue()::add);
        return Controller.of(NAME, List.of(replicaSets, pods), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) throws InterruptedException {
        Optional<ReplicaSet> found = replicaSets.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        ReplicaSet replicaSet = found.get();
        Optional<LabelSelector> selector = selector(replicaSet);
        if (selector.isEmpty()) {
            return Outcome.giveUp("the selector can't be understood");
        }
        changes.foundPods(replicaSet, dependents.settle(replicaSet.getMetadata().getUid()));
        if (!dependents.showsWritesOf(replicaSet.getMetadata().getUid())) {
            return Outcome.again(CACHE_CHECK);
        }
        try {
            return reconcile(replicaSet, selector.get());
        } finally {
            if (replicaSets
                    .get(key)
                    .filter(now -> now.getMetadata()
                            .getUid()
                            .equals(replicaSet.getMetadata().getUid()))
                    .isEmpty()) {
                forget(replicaSet);
            }
        }
    }

    private Outcome reconcile(ReplicaSet replicaSet, LabelSelector selector) throws InterruptedException {
        List<Pod> owned = dependents.claim(replicaSet, selector, PodFacts::isActive);
        List<Pod> active = owned.stream().filter(PodFacts::isActive).toList();
        int terminating =
                Math.toIntExact(owned.stream().filter(PodFacts::isTerminating).count());
        Instant now = clock.instant();
        Change change = ReplicaSetDecision.change(replicaSet, active, () -> related(replicaSet, active), now);
        PodChanges.Result result =
                switch (change) {
                    case Change.None() -> PodChanges.Result.SUCCESS;
                    case Change.Create(int count) -> changes.create(replicaSet, drafts(replicaSet, count));
                    case Change.Delete(List<Pod> surplus) -> changes.delete(replicaSet, surplus);
                };
        writeStatus(replicaSet, ReplicaSetDecision.status(replicaSet, active, terminating, result.failure(), now));
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

    /** The active pods of all ReplicaSets that have the same owner. */
    private Collection<Pod> related(ReplicaSet replicaSet, List<Pod> active) {
        return Ownership.controllerOf(replicaSet)
                .map(owner -> Dependents.of(replicaSets, owner.getUid()).stream()
                        .flatMap(sibling ->
                                Dependents.of(pods, sibling.getMetadata().getUid()).stream())
                        .filter(PodFacts::isActive)
                        .toList())
                .orElse(active);
    }

    private void writeStatus(ReplicaSet replicaSet, ReplicaSetStatus status) {
        @Nullable ReplicaSetStatus old = replicaSet.getStatus();
        if (status.equals(old)) {
            return;
        }
        try {
            client.updateStatus(
                    new ReplicaSetBuilder(replicaSet).withStatus(status).build());
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // it changed, and the change brings its key back
                throw e;
            }
        }
    }

    private void forget(ReplicaSet replicaSet) {
        dependents.writes().forget(replicaSet.getMetadata().getUid());
        changes.forget(replicaSet);
    }

    /** The selector; one that selects everything is refused as Kubernetes does. */
    private static Optional<LabelSelector> selector(ReplicaSet replicaSet) {
        return Ownership.selector(replicaSet.getSpec().getSelector()).filter(selector -> !selector.isEmpty());
    }
}
