package io.mokube.controllermanager.controllers.statefulset;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatusBuilder;
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
import io.mokube.controllermanager.controllers.history.History;
import io.mokube.controllermanager.controllers.history.RevisionData;
import io.mokube.controllermanager.controllers.history.RevisionHistory;
import io.mokube.controllermanager.controllers.ownership.Dependents;
import io.mokube.controllermanager.controllers.ownership.OwnStatus;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the pods of StatefulSets, each with its name and its claims. {@link SetDecision} decides; this reads the caches,
 * carries the steps out in their order and writes the status.
 *
 * <p>There are never two pods of one ordinal: a pod is created only under its ordinal's name, never deleted by force, and
 * deleted only under the UID that was decided on. It decides only on caches that show all its own writes, so the order is
 * kept however long they lag.
 */
public final class StatefulSetController implements Reconciler<ObjectKey> {

    private static final String NAME = "statefulset-controller";
    private static final String KIND = "StatefulSet";
    private static final String HASH_LABEL = "controller.kubernetes.io/hash";
    private static final int WORKERS = 5;
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    /** How soon to look again at what is in the way, such as another's pod with the name of ours. */
    private static final Duration OBSTACLE_CHECK = Duration.ofSeconds(5);

    private final Store<StatefulSet> sets;
    private final Store<PersistentVolumeClaim> claims;
    private final Dependents<StatefulSet, Pod> pods;
    private final Dependents<StatefulSet, PersistentVolumeClaim> ownClaims;
    private final RevisionHistory<StatefulSet> history;
    private final OwnStatus<StatefulSet> ownStatus;
    private final SetRequests requests;
    private final Clock clock;

    private StatefulSetController(
            Informer<StatefulSet> sets,
            Informer<Pod> pods,
            Informer<PersistentVolumeClaim> claims,
            Informer<ControllerRevision> revisions,
            ControllerContext context,
            EventRecorder events) {
        ResourceClient<Pod> podClient = context.client().resource(Pod.class);
        ResourceClient<PersistentVolumeClaim> claimClient = context.client().resource(PersistentVolumeClaim.class);
        ResourceClient<StatefulSet> client = context.client().resource(StatefulSet.class);
        this.ownStatus = new OwnStatus<>(client);
        this.sets = sets.store();
        this.claims = claims.store();
        this.pods = new Dependents<>(pods, client, podClient);
        this.ownClaims = new Dependents<>(claims, client, claimClient);
        this.history = new RevisionHistory<>(
                revisions, client, context.client().resource(ControllerRevision.class), HASH_LABEL);
        this.requests = new SetRequests(podClient, claimClient, this.pods.writes(), ownClaims.writes(), events);
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Informer<StatefulSet> sets = context.informers().informer(StatefulSet.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<PersistentVolumeClaim> claims = context.informers().informer(PersistentVolumeClaim.class);
        Informer<ControllerRevision> revisions = context.informers().informer(ControllerRevision.class);
        StatefulSetController controller = new StatefulSetController(
                sets, pods, claims, revisions, context, context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        sets.addHandler(Handler.each(set -> loop.queue().add(Ownership.key(set))));
        sets.addHandler(new Handler<>() {
            @Override
            public void deleted(StatefulSet last) {
                controller.forget(last);
            }
        });
        controller.pods.tellOwners(KIND, sets.store(), StatefulSetController::selector, loop.queue()::addAfter);
        controller.history.tellOwners(KIND, sets.store(), StatefulSetController::selector, loop.queue()::addAfter);
        claims.addHandler(Handler.each(claim -> sets.store().list(Ownership.namespace(claim)).stream()
                .filter(set -> Members.ownsClaim(set, claim.getMetadata().getName()))
                .forEach(set -> loop.queue().add(Ownership.key(set)))));
        return Controller.of(NAME, List.of(sets, pods, claims, revisions), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) throws InterruptedException {
        Optional<StatefulSet> found = sets.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        StatefulSet set = found.get();
        Optional<LabelSelector> selector = selector(set);
        if (selector.isEmpty()) {
            return Outcome.giveUp("the selector can't be understood");
        }
        if (!cachesShowWritesOf(set)) {
            return Outcome.again(CACHE_CHECK);
        }
        try {
            return reconcile(set, selector.get());
        } finally {
            if (sets.get(key).filter(now -> Ownership.isSame(now, set)).isEmpty()) {
                forget(set);
            }
        }
    }

    private boolean cachesShowWritesOf(StatefulSet set) {
        String uid = set.getMetadata().getUid();
        pods.settle(uid);
        ownClaims.settle(uid);
        ownStatus.settle(set);
        return pods.showsWritesOf(uid)
                && ownClaims.showsWritesOf(uid)
                && history.showsWritesOf(uid)
                && ownStatus.isShown(set);
    }

    private Outcome reconcile(StatefulSet set, LabelSelector selector) throws InterruptedException {
        List<Pod> owned = pods.claim(
                set,
                selector,
                pod -> Members.ordinal(set, pod.getMetadata().getName()).isPresent());
        if (Ownership.isBeingDeleted(set)) {
            writeStatus(set, goingStatus(set, owned));
            return Outcome.done();
        }
        @Nullable StatefulSetStatus status = set.getStatus();
        Optional<RevisionHistory.Position> found = history.position(
                set, selector, set.getSpec().getTemplate(), status == null ? null : status.getCollisionCount());
        if (found.isEmpty()) {
            return Outcome.again(OBSTACLE_CHECK);
        }
        RevisionHistory.Position position = found.get();
        Revision update = new Revision(position.name(), set.getSpec().getTemplate());
        Revision current = current(status, position).orElse(update);
        SetPlan plan = SetDecision.plan(
                set,
                current,
                update,
                owned,
                name -> claims.get(new ObjectKey(Ownership.namespace(set), name)),
                clock.instant());
        boolean carriedOut = false;
        try {
            carriedOut = requests.carryOut(set, plan);
        } finally {
            writeStatus(
                    set,
                    new StatefulSetStatusBuilder(plan.status())
                            .withCollisionCount(position.collisionCount())
                            .build());
        }
        trim(set, owned, current, position);
        return carriedOut ? plan.again().map(Outcome::again).orElseGet(Outcome::done) : Outcome.again(OBSTACLE_CHECK);
    }

    /** The revision that the status calls current, if the history still has it. */
    private static Optional<Revision> current(@Nullable StatefulSetStatus status, RevisionHistory.Position position) {
        @Nullable String name = status == null ? null : status.getCurrentRevision();
        return position.others().stream()
                .filter(revision -> revision.getMetadata().getName().equals(name))
                .findFirst()
                .flatMap(revision -> RevisionData.template(revision)
                        .map(template -> new Revision(revision.getMetadata().getName(), template)));
    }

    /** The revisions in use don't count. */
    private void trim(StatefulSet set, List<Pod> owned, Revision current, RevisionHistory.Position position) {
        Set<String> inUse = new HashSet<>(owned.stream().map(Members::revision).toList());
        inUse.add(current.name());
        List<ControllerRevision> past = position.others().stream()
                .filter(revision -> !inUse.contains(revision.getMetadata().getName()))
                .toList();
        history.drop(set, History.surplus(past, any -> false, set.getSpec().getRevisionHistoryLimit()));
    }

    /** A set on its way out makes no revisions any more; the garbage collector may have taken them. */
    private StatefulSetStatus goingStatus(StatefulSet set, List<Pod> owned) {
        StatefulSetStatus old = Optional.ofNullable(set.getStatus()).orElseGet(StatefulSetStatus::new);
        String current = Optional.ofNullable(old.getCurrentRevision()).orElse("");
        String update = Optional.ofNullable(old.getUpdateRevision()).orElse(current);
        return SetStatus.of(set, current, update, owned, clock.instant());
    }

    /** When the set has changed meanwhile nothing is written, and the change brings its key back. */
    private void writeStatus(StatefulSet set, StatefulSetStatus status) {
        @Nullable StatefulSetStatus old = set.getStatus();
        if (!status.equals(old)) {
            ownStatus.write(new StatefulSetBuilder(set).withStatus(status).build());
        }
    }

    private void forget(StatefulSet set) {
        String uid = set.getMetadata().getUid();
        pods.writes().forget(uid);
        ownClaims.writes().forget(uid);
        ownStatus.forget(uid);
        history.forget(set);
    }

    private static Optional<LabelSelector> selector(StatefulSet set) {
        return Ownership.selector(set.getSpec().getSelector()).filter(selector -> !selector.isEmpty());
    }
}
