package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatusBuilder;
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
import io.mokube.controllermanager.controllers.daemonset.DaemonPlan.Ended;
import io.mokube.controllermanager.controllers.history.History;
import io.mokube.controllermanager.controllers.history.RevisionHistory;
import io.mokube.controllermanager.controllers.ownership.Dependents;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodChanges;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a pod of each DaemonSet on every node that suits. {@link DaemonDecision} decides; this reads the caches, carries
 * the plan out and writes the status.
 *
 * <p>It decides only on caches that show all its own writes, so that no node ever gets more daemons than it may have.
 */
public final class DaemonSetController implements Reconciler<ObjectKey> {

    private static final String NAME = "daemonset-controller";
    private static final String KIND = "DaemonSet";
    private static final int WORKERS = 2;
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final Store<DaemonSet> sets;
    private final Store<Node> nodes;
    private final Dependents<DaemonSet, Pod> pods;
    private final RevisionHistory<DaemonSet> history;
    private final ResourceClient<DaemonSet> client;
    private final PodChanges changes;
    private final FailureBackoff backoff;
    private final EventRecorder events;
    private final Clock clock;

    private DaemonSetController(
            Informer<DaemonSet> sets,
            Informer<Node> nodes,
            Informer<Pod> pods,
            Informer<ControllerRevision> revisions,
            ControllerContext context,
            EventRecorder events) {
        ResourceClient<Pod> podClient = context.client().resource(Pod.class);
        this.client = context.client().resource(DaemonSet.class);
        this.sets = sets.store();
        this.nodes = nodes.store();
        this.pods = new Dependents<>(pods, client, podClient);
        this.history = new RevisionHistory<>(
                revisions, client, context.client().resource(ControllerRevision.class), DaemonTemplate.HASH_LABEL);
        this.changes = new PodChanges(
                podClient, this.pods.writes(), events, context.platform().random());
        this.backoff = new FailureBackoff(context.platform().clock());
        this.events = events;
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Informer<DaemonSet> sets = context.informers().informer(DaemonSet.class);
        Informer<Node> nodes = context.informers().informer(Node.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<ControllerRevision> revisions = context.informers().informer(ControllerRevision.class);
        DaemonSetController controller = new DaemonSetController(
                sets, nodes, pods, revisions, context, context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        sets.addHandler(Handler.each(set -> loop.queue().add(Ownership.key(set))));
        sets.addHandler(new Handler<>() {
            @Override
            public void deleted(DaemonSet last) {
                controller.forget(last);
            }
        });
        controller.pods.tellOwners(KIND, sets.store(), DaemonSetController::selector, loop.queue()::addAfter);
        controller.history.tellOwners(KIND, sets.store(), DaemonSetController::selector, loop.queue()::addAfter);
        nodes.addHandler(new Handler<>() {
            @Override
            public void added(Node node) {
                sets.store().list().forEach(set -> loop.queue().add(Ownership.key(set)));
            }

            @Override
            public void updated(Node before, Node now) {
                // Heartbeats and images come often and change nothing about who fits.
                if (!Ownership.labels(before).equals(Ownership.labels(now))
                        || !taints(before).equals(taints(now))) {
                    added(now);
                }
            }

            @Override
            public void deleted(Node last) {
                added(last);
            }
        });
        return Controller.of(NAME, List.of(sets, nodes, pods, revisions), loop);
    }

    private static List<Taint> taints(Node node) {
        @Nullable NodeSpec spec = node.getSpec();
        @Nullable List<Taint> taints = spec == null ? null : spec.getTaints();
        return taints == null ? List.of() : taints;
    }

    @Override
    public Outcome reconcile(ObjectKey key) throws InterruptedException {
        Optional<DaemonSet> found = sets.get(key);
        // One that is being deleted leaves its pods and revisions to the garbage collector.
        if (found.filter(set -> !Ownership.isBeingDeleted(set)).isEmpty()) {
            return Outcome.done();
        }
        DaemonSet set = found.get();
        Optional<LabelSelector> selector = selector(set);
        if (selector.isEmpty()) {
            events.warning(
                    set, "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
            return Outcome.done();
        }
        String uid = set.getMetadata().getUid();
        changes.foundPods(set, pods.settle(uid));
        if (!pods.showsWritesOf(uid) || !history.showsWritesOf(uid)) {
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

    private Outcome reconcile(DaemonSet set, LabelSelector selector) throws InterruptedException {
        @Nullable DaemonSetStatus status = set.getStatus();
        Optional<RevisionHistory.Position> found = history.position(
                set, selector, set.getSpec().getTemplate(), status == null ? null : status.getCollisionCount());
        if (found.isEmpty()) {
            return Outcome.again(CACHE_CHECK);
        }
        RevisionHistory.Position position = found.get();
        String hash = hash(position.revision());
        List<Pod> owned = pods.claim(set, selector, any -> true);
        DaemonPlan plan = DaemonDecision.plan(
                new Daemons(set, hash, nodes.list(), owned, clock.instant()), node -> backoff.left(set, node));
        plan.ended().forEach(ended -> report(set, ended));
        PodChanges.Result created = changes.create(
                set, plan.create().stream().map(node -> draft(set, hash, node)).toList());
        PodChanges.Result deleted = changes.delete(set, plan.delete());
        DaemonSetStatusBuilder changed = new DaemonSetStatusBuilder(plan.status());
        writeStatus(
                set,
                (position.collisionCount() == 0 ? changed : changed.withCollisionCount(position.collisionCount()))
                        .build());
        created.throwError();
        deleted.throwError();
        trim(set, owned, position);
        return plan.again().map(Outcome::again).orElseGet(Outcome::done);
    }

    private static PodChanges.Draft draft(DaemonSet set, String hash, String node) {
        return new PodChanges.Draft(node, set.getMetadata().getName() + "-", DaemonTemplate.of(set, hash, node));
    }

    private void report(DaemonSet set, Ended ended) {
        String pod = Ownership.namespace(ended.pod()) + "/"
                + ended.pod().getMetadata().getName();
        if (PodFacts.phase(ended.pod()).equals("Failed")) {
            backoff.replaced(set, ended.node());
            events.warning(
                    set,
                    "FailedDaemonPod",
                    "Found failed daemon pod " + pod + " on node " + ended.node() + ", will try to kill it");
        } else {
            events.normal(
                    set,
                    "SucceededDaemonPod",
                    "Found succeeded daemon pod " + pod + " on node " + ended.node() + ", will try to delete it");
        }
    }

    /** The revisions that daemons still run count, but stay. */
    private void trim(DaemonSet set, List<Pod> owned, RevisionHistory.Position position) {
        Set<String> inUse = owned.stream()
                .map(pod -> Ownership.labels(pod).getOrDefault(DaemonTemplate.HASH_LABEL, ""))
                .collect(Collectors.toSet());
        history.drop(
                set,
                History.surplus(
                        position.others(),
                        revision -> inUse.contains(hash(revision)),
                        set.getSpec().getRevisionHistoryLimit()));
    }

    private static String hash(ControllerRevision revision) {
        return Ownership.labels(revision)
                .getOrDefault(DaemonTemplate.HASH_LABEL, revision.getMetadata().getName());
    }

    private void writeStatus(DaemonSet set, DaemonSetStatus status) {
        @Nullable DaemonSetStatus old = set.getStatus();
        if (status.equals(old)) {
            return;
        }
        try {
            client.updateStatus(new DaemonSetBuilder(set).withStatus(status).build());
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) { // it changed, and the change brings its key back
                throw e;
            }
        }
    }

    private void forget(DaemonSet set) {
        pods.writes().forget(set.getMetadata().getUid());
        history.forget(set);
        changes.forget(set);
        backoff.forget(set);
    }

    private static Optional<LabelSelector> selector(DaemonSet set) {
        return Ownership.selector(set.getSpec().getSelector()).filter(selector -> !selector.isEmpty());
    }
}
