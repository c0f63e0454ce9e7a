package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ResourceType;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeHealth.Heard;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeHealth.Readiness;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.PodsOnNode;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks for nodes that fell silent. One loop looks at each node every few seconds: conditions, NoSchedule taints, its
 * pods' readiness. A second loop looks at all nodes together and decides how many may be emptied by a NoExecute taint.
 */
public final class NodeLifecycleController {

    private static final Logger log = LoggerFactory.getLogger(NodeLifecycleController.class);
    private static final String NAME = "node-lifecycle-controller";
    private static final String EVENT_SOURCE = "node-controller";
    private static final String LEASE_NAMESPACE = "kube-node-lease";
    private static final int WORKERS = 8;
    private static final String ALL_ZONES = "zones";
    private static final Duration ZONE_PERIOD = Duration.ofSeconds(1);

    private final Store<Node> nodes;
    private final Store<Lease> leases;
    private final Store<Pod> pods;
    private final NodeWrites writes;
    private final NodeLifecycleConfig config;
    private final Clock clock;

    private final Map<String, Watched> watched = new ConcurrentHashMap<>();

    // Only the loop over all zones, which has one worker, uses these two.
    private final Map<String, Long> lastEvictionNanos = new HashMap<>();
    private boolean everythingWasGone;

    /** What is remembered of a node between two looks. */
    private record Watched(Node node, Heard heard) {}

    NodeLifecycleController(
            Store<Node> nodes,
            Store<Lease> leases,
            Store<Pod> pods,
            NodeWrites writes,
            NodeLifecycleConfig config,
            Clock clock) {
        this.nodes = nodes;
        this.leases = leases;
        this.pods = pods;
        this.writes = writes;
        this.config = config;
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        Informer<Node> nodes = context.informers().informer(Node.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        PodsOnNode.index(pods);
        Informer<Lease> leases = context.informers()
                .informer(ResourceType.of(Lease.class), Selection.ALL.withNamespace(LEASE_NAMESPACE));
        NodeLifecycleController controller = new NodeLifecycleController(
                nodes.store(),
                leases.store(),
                pods.store(),
                new ApiNodeWrites(context.client(), context.recorders().apply(EVENT_SOURCE)),
                context.config().nodeLifecycle(),
                context.platform().clock());
        ReconcileLoop<String> each = new ReconcileLoop<>(NAME, WORKERS, controller::reconcile, context.platform());
        ReconcileLoop<String> all =
                new ReconcileLoop<>(NAME + "-zones", 1, any -> controller.reconcileZones(), context.platform());
        nodes.addHandler(
                Handler.each(node -> each.queue().add(node.getMetadata().getName())));
        all.queue().add(ALL_ZONES);
        return Controller.of(NAME, List.of(nodes, leases, pods), each, all);
    }

    // -- one node -------------------------------------------------------------------------------------------------

    Outcome reconcile(String name) {
        Optional<Node> found = nodes.get(new ObjectKey("", name));
        if (found.isEmpty()) {
            forget(name);
            return Outcome.done();
        }
        Node node = found.get();
        Heard heard = hear(node);
        if (NodeHealth.isSilent(heard, node, config, clock.nanoTime())) {
            Optional<List<NodeCondition>> conditions = NodeHealth.conditionsOfSilent(node, clock.instant());
            if (conditions.isPresent()) {
                Optional<Node> written = writes.conditions(node, conditions.get());
                if (written.isEmpty()) {
                    return Outcome.again(config.monitorPeriod()); // it changed, which may be a sign of life
                }
                node = written.get();
            }
        }
        remember(node, heard);
        if (NodeHealth.readiness(node) == Readiness.UNKNOWN) {
            markPodsNotReady(node);
        }
        Optional<List<Taint>> taints = NodeTaints.followingConditions(node, clock.instant());
        if (taints.isPresent()) {
            writes.taints(node, taints.get());
        }
        return Outcome.again(config.monitorPeriod());
    }

    private Heard hear(Node node) {
        String name = node.getMetadata().getName();
        @Nullable Watched last = watched.get(name);
        boolean known = last != null
                && last.node().getMetadata().getUid().equals(node.getMetadata().getUid());
        if (!known) {
            watched.remove(name);
            event(node, "RegisteredNode", "Registered Node " + name + " in Controller");
        }
        Optional<Lease> lease = leases.get(new ObjectKey(LEASE_NAMESPACE, name));
        return NodeHealth.hear(known && last != null ? last.heard() : null, node, lease, clock.nanoTime());
    }

    private void remember(Node node, Heard heard) {
        String name = node.getMetadata().getName();
        @Nullable Watched before = watched.put(name, new Watched(node, heard));
        Readiness now = NodeHealth.readiness(node);
        if (before != null && NodeHealth.readiness(before.node()) == Readiness.READY && now != Readiness.READY) {
            writes.report(
                    node, EventRecorder.Type.NORMAL, "NodeNotReady", "Node " + name + " status is now: NodeNotReady");
            log.atInfo()
                    .setMessage("a node is not ready any more")
                    .addKeyValue("node", name)
                    .addKeyValue("readiness", now)
                    .log();
        }
    }

    private void forget(String name) {
        @Nullable Watched gone = watched.remove(name);
        if (gone != null) {
            event(gone.node(), "RemovingNode", "Removing Node " + name + " from Controller");
        }
    }

    private void event(Node node, String reason, String message) {
        writes.report(
                node,
                EventRecorder.Type.NORMAL,
                reason,
                "Node " + node.getMetadata().getName() + " event: " + message);
    }

    /** Nobody else can say it: traffic must not go to pods whose node is out of reach. */
    private void markPodsNotReady(Node node) {
        for (Pod pod : PodsOnNode.of(pods, node.getMetadata().getName())) {
            if (PodFacts.isReady(pod) && writes.notReady(pod, clock.instant())) {
                writes.report(pod, EventRecorder.Type.WARNING, "NodeNotReady", "Node is not ready");
            }
        }
    }

    // -- all nodes ------------------------------------------------------------------------------------------------

    Outcome reconcileZones() {
        List<Node> all = nodes.list();
        Zones zones = new Zones(all);
        boolean everythingIsGone = zones.everythingIsGone();
        if (everythingIsGone != everythingWasGone) {
            everythingWasGone = everythingIsGone;
            log.atWarn()
                    .setMessage(
                            everythingIsGone
                                    ? "no node is ready: nothing is evicted"
                                    : "a node is ready again: evictions go on")
                    .log();
            if (!everythingIsGone) {
                // Whatever kept all nodes away is over; each gets the full time to be heard of again.
                watched.replaceAll((name, node) ->
                        new Watched(node.node(), new Heard(node.heard().sign(), clock.nanoTime())));
            }
        }
        if (everythingIsGone) {
            for (Node node : all) {
                NodeTaints.withoutEviction(node).ifPresent(taints -> writes.taints(node, taints));
            }
        } else {
            zones.all().forEach(this::evict);
        }
        return Outcome.again(ZONE_PERIOD);
    }

    /** Taints the nodes of a zone, the longest unfit first, as fast as the zone's state allows. */
    private void evict(Zones.Zone zone) {
        List<Node> unfit = zone.nodes().stream()
                .filter(node -> NodeHealth.readiness(node) != Readiness.READY)
                .sorted(Comparator.comparing(NodeLifecycleController::unfitSince)
                        .thenComparing(node -> node.getMetadata().getName()))
                .toList();
        for (Node node : unfit) {
            Optional<List<Taint>> taints = NodeTaints.withEviction(node, clock.instant());
            if (taints.isEmpty()) {
                continue;
            }
            if (!mayEvict(zone)) {
                return;
            }
            if (writes.taints(node, taints.get()).isPresent()) {
                lastEvictionNanos.put(zone.name(), clock.nanoTime());
                log.atInfo()
                        .setMessage("pods have to leave a node")
                        .addKeyValue("node", node.getMetadata().getName())
                        .addKeyValue("readiness", NodeHealth.readiness(node))
                        .log();
            }
        }
    }

    private boolean mayEvict(Zones.Zone zone) {
        double perSecond = zone.evictionsPerSecond(config);
        @Nullable Long last = lastEvictionNanos.get(zone.name());
        return perSecond > 0 && (last == null || clock.nanoTime() - last >= 1e9 / perSecond);
    }

    private static String unfitSince(Node node) {
        return NodeHealth.condition(node, "Ready")
                .map(NodeCondition::getLastTransitionTime)
                .orElse("");
    }
}
