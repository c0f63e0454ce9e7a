package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodsOnNode;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Deletes pods that don't tolerate a NoExecute taint of their node, or have tolerated it for long enough. */
public final class TaintEvictionController implements Reconciler<ObjectKey> {

    private static final String NAME = "taint-eviction-controller";
    private static final int WORKERS = 8;

    private final Store<Node> nodes;
    private final Store<Pod> pods;
    private final NodeWrites writes;
    private final Clock clock;

    /** When each NoExecute taint was first seen, by node and taint, for those that don't say when they were added. */
    private final Map<String, Map<String, Instant>> firstSeen = new ConcurrentHashMap<>();

    TaintEvictionController(Store<Node> nodes, Store<Pod> pods, NodeWrites writes, Clock clock) {
        this.nodes = nodes;
        this.pods = pods;
        this.writes = writes;
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        Informer<Node> nodes = context.informers().informer(Node.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        PodsOnNode.index(pods);
        TaintEvictionController controller = new TaintEvictionController(
                nodes.store(),
                pods.store(),
                new ApiNodeWrites(context.client(), context.recorders().apply(NAME)),
                context.platform().clock());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        nodes.addHandler(controller.ofNodes(loop.queue()::add));
        pods.addHandler(controller.ofPods(loop.queue()::add));
        return Controller.of(NAME, List.of(nodes, pods), loop);
    }

    /** Puts the pods of a node into a queue whose taints changed. */
    Handler<Node> ofNodes(Consumer<ObjectKey> queue) {
        return new Handler<>() {
            @Override
            public void added(Node node) {
                see(node).forEach(queue);
            }

            @Override
            public void updated(Node before, Node now) {
                if (!NodeTaints.noExecute(before).equals(NodeTaints.noExecute(now))) {
                    added(now);
                }
            }

            @Override
            public void deleted(Node last) {
                firstSeen.remove(last.getMetadata().getName());
            }
        };
    }

    /** Puts pods into a queue that came to a node, or tolerate something else than before. */
    Handler<Pod> ofPods(Consumer<ObjectKey> queue) {
        return new Handler<>() {
            @Override
            public void added(Pod pod) {
                if (PodsOnNode.nodeOf(pod).isPresent()) {
                    queue.accept(Ownership.key(pod));
                }
            }

            @Override
            public void updated(Pod before, Pod now) {
                boolean same = PodsOnNode.nodeOf(before).equals(PodsOnNode.nodeOf(now))
                        && Objects.equals(
                                before.getSpec().getTolerations(), now.getSpec().getTolerations());
                if (!same) {
                    added(now);
                }
            }
        };
    }

    /** Notes the taints of a node, and names the pods that have to look at them. */
    private List<ObjectKey> see(Node node) {
        String name = node.getMetadata().getName();
        List<String> taints = NodeTaints.noExecute(node).stream()
                .map(TaintEvictionController::name)
                .toList();
        if (taints.isEmpty()) {
            firstSeen.remove(name);
            return List.of();
        }
        Map<String, Instant> seen = firstSeen.computeIfAbsent(name, any -> new ConcurrentHashMap<>());
        seen.keySet().retainAll(taints);
        taints.forEach(taint -> seen.putIfAbsent(taint, clock.instant()));
        return PodsOnNode.of(pods, name).stream().map(Ownership::key).toList();
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Pod> pod = pods.get(key).filter(found -> !Ownership.isBeingDeleted(found));
        Optional<Node> node = pod.flatMap(PodsOnNode::nodeOf).flatMap(name -> nodes.get(new ObjectKey("", name)));
        if (pod.isEmpty() || node.isEmpty()) {
            return Outcome.done();
        }
        Instant now = clock.instant();
        Map<String, Instant> seen =
                firstSeen.getOrDefault(node.get().getMetadata().getName(), Map.of());
        Tolerance tolerance =
                Tolerance.of(pod.get(), NodeTaints.noExecute(node.get()), taint -> seen.getOrDefault(name(taint), now));
        return switch (tolerance) {
            case Tolerance.Forever() -> Outcome.done();
            case Tolerance.Until(Instant time) when time.isAfter(now) -> Outcome.again(Duration.between(now, time));
            case Tolerance.Until(Instant time) -> {
                evict(pod.get(), now);
                yield Outcome.done();
            }
        };
    }

    private void evict(Pod pod, Instant now) {
        if (writes.evict(pod, now)) {
            writes.report(
                    pod,
                    EventRecorder.Type.NORMAL,
                    "TaintManagerEviction",
                    "Marking for deletion Pod " + Ownership.key(pod));
        }
    }

    private static String name(Taint taint) {
        return taint.getKey() + "=" + taint.getValue();
    }
}
