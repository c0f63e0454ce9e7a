package io.mokube.scheduler.cycle;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.mokube.client.informer.Handler;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.ClusterState.PodUpdate;
import io.mokube.scheduler.snapshot.DisruptionBudget;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.PodClaims;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Workloads;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what watches tell into the cluster state and the queue. The state is changed before the queue is told, so that
 * a pod that is woken sees what woke it.
 */
public final class ClusterFeed {

    private static final Logger log = LoggerFactory.getLogger(ClusterFeed.class);

    private final ClusterState state;
    private final SchedulingQueue queue;
    private final Profiles profiles;

    public ClusterFeed(ClusterState state, SchedulingQueue queue, Profiles profiles) {
        this.state = state;
        this.queue = queue;
        this.profiles = profiles;
    }

    /** Drops from a pod what scheduling never reads, because a big cluster's pods must fit into memory. */
    public static Pod strip(Pod pod) {
        pod.getMetadata().setManagedFields(List.of());
        pod.getMetadata().setAnnotations(null);
        pod.getSpec().setVolumes(PodClaims.stripped(pod.getSpec().getVolumes()));
        pod.getSpec().getContainers().forEach(ClusterFeed::strip);
        pod.getSpec().getInitContainers().forEach(ClusterFeed::strip);
        return pod;
    }

    private static void strip(Container container) {
        container.setArgs(List.of());
        container.setCommand(List.of());
        container.setEnv(List.of());
        container.setEnvFrom(List.of());
        container.setVolumeMounts(List.of());
        container.setLivenessProbe(null);
        container.setReadinessProbe(null);
        container.setStartupProbe(null);
        container.setLifecycle(null);
        container.setSecurityContext(null);
    }

    /** Takes in pods. */
    public Handler<Pod> pods() {
        return new Handler<>() {
            @Override
            public void added(Pod pod) {
                guarded("pod", ObjectKeys.of(pod), () -> put(PodInfo.of(pod)));
            }

            @Override
            public void updated(Pod before, Pod now) {
                guarded("pod", ObjectKeys.of(now), () -> {
                    // Deleted and made anew under the same name while the watch was away.
                    if (!before.getMetadata().getUid().equals(now.getMetadata().getUid())) {
                        remove(before.getMetadata().getUid());
                    }
                    put(PodInfo.of(now));
                    withdrawnByApi(before, now);
                });
            }

            @Override
            public void deleted(Pod last) {
                guarded(
                        "pod",
                        ObjectKeys.of(last),
                        () -> remove(last.getMetadata().getUid()));
            }
        };
    }

    private void put(PodInfo pod) {
        if (pod.finished()) {
            remove(pod.uid());
        } else if (!pod.nodeName().isEmpty()) {
            state.withdrawNomination(pod.uid());
            PodUpdate update = state.putPod(pod);
            queue.remove(pod.uid());
            switch (update.change()) {
                case NEW, CONFIRMED -> queue.happened(ClusterChange.added(ClusterEvent.ASSIGNED_POD_ADDED, pod));
                case CHANGED ->
                    queue.happened(new ClusterChange(ClusterEvent.ASSIGNED_POD_CHANGED, update.before(), pod));
                case SAME -> {}
            }
        } else if (pod.terminating()) {
            queue.remove(pod.uid());
            giveUpNomination(pod.uid());
        } else if (profiles.serves(pod.schedulerName()) && !state.isPlaced(pod.uid())) {
            // An assumed pod is not looked at again: what is seen here is older than the decision.
            if (!pod.nominatedNode().isEmpty()) {
                state.nominate(pod, pod.nominatedNode());
            }
            queue.put(pod);
        }
    }

    /**
     * Somebody took a pod's nomination back. A pod that had none in either version may have been nominated by a
     * decision that is still being written down: that stands.
     */
    private void withdrawnByApi(Pod before, Pod now) {
        String uid = now.getMetadata().getUid();
        String node = PodInfo.nominatedNode(before);
        if (!node.isEmpty()
                && PodInfo.nominatedNode(now).isEmpty()
                && uid.equals(before.getMetadata().getUid())
                && state.nominatedNode(uid).equals(node)) {
            giveUpNomination(uid);
            queue.retry(uid);
        }
    }

    private void remove(String uid) {
        queue.remove(uid);
        giveUpNomination(uid);
        PodInfo removed = state.removePod(uid);
        if (removed != null) {
            queue.happened(ClusterChange.removed(ClusterEvent.ASSIGNED_POD_REMOVED, removed));
        }
    }

    /** The room kept for a pod that is gone is as good as the room of a pod that stood there. */
    private void giveUpNomination(String uid) {
        PodInfo nominated = state.withdrawNomination(uid);
        if (nominated != null) {
            queue.happened(ClusterChange.removed(
                    ClusterEvent.ASSIGNED_POD_REMOVED, nominated.onNode(nominated.nominatedNode())));
        }
    }

    /** Takes in nodes. */
    public Handler<Node> nodes() {
        return new Handler<>() {
            @Override
            public void added(Node node) {
                guarded("node", ObjectKeys.of(node), () -> put(NodeFacts.of(node)));
            }

            @Override
            public void updated(Node before, Node now) {
                added(now);
            }

            @Override
            public void deleted(Node last) {
                guarded("node", ObjectKeys.of(last), () -> {
                    NodeFacts removed = state.removeNode(last.getMetadata().getName());
                    if (removed != null) {
                        queue.happened(ClusterChange.removed(ClusterEvent.NODE_REMOVED, removed));
                    }
                });
            }
        };
    }

    private void put(NodeFacts node) {
        NodeFacts old = state.putNode(node);
        if (old == null) {
            queue.happened(ClusterChange.added(ClusterEvent.NODE_ADDED, node));
            return;
        }
        if (!old.allocatable().equals(node.allocatable()) || old.allowedPods() != node.allowedPods()) {
            queue.happened(new ClusterChange(ClusterEvent.NODE_ALLOCATABLE_CHANGED, old, node));
        }
        if (!old.labels().equals(node.labels())) {
            queue.happened(new ClusterChange(ClusterEvent.NODE_LABELS_CHANGED, old, node));
        }
        if (!old.declaredFeatures().equals(node.declaredFeatures())) {
            queue.happened(new ClusterChange(ClusterEvent.NODE_FEATURES_CHANGED, old, node));
        }
        if (!old.forbidding().equals(node.forbidding()) || old.unschedulable() != node.unschedulable()) {
            queue.happened(new ClusterChange(ClusterEvent.NODE_TAINTS_CHANGED, old, node));
        }
    }

    /** Takes in disruption budgets. */
    public Handler<PodDisruptionBudget> budgets() {
        return new Handler<>() {
            @Override
            public void added(PodDisruptionBudget budget) {
                guarded("budget", ObjectKeys.of(budget), () -> state.putBudget(DisruptionBudget.of(budget)));
            }

            @Override
            public void updated(PodDisruptionBudget before, PodDisruptionBudget now) {
                added(now);
            }

            @Override
            public void deleted(PodDisruptionBudget last) {
                state.removeBudget(ObjectKeys.of(last));
            }
        };
    }

    /** Takes in namespaces. */
    public Handler<Namespace> namespaces() {
        return new Handler<>() {
            @Override
            public void added(Namespace namespace) {
                Map<String, String> labels = namespace.getMetadata().getLabels();
                state.putNamespace(namespace.getMetadata().getName(), labels == null ? Map.of() : labels);
            }

            @Override
            public void updated(Namespace before, Namespace now) {
                added(now);
            }

            @Override
            public void deleted(Namespace last) {
                state.removeNamespace(last.getMetadata().getName());
            }
        };
    }

    /** Takes in what selects the pods of services. */
    public Handler<Service> services() {
        return selectors(
                service -> service.getSpec().getSelector() == null
                                || service.getSpec().getSelector().isEmpty()
                        ? Optional.empty()
                        : Optional.of(LabelSelector.ofLabels(service.getSpec().getSelector())),
                state::putService);
    }

    /** Takes in what selects the pods of controllers of one kind. */
    public <T extends HasMetadata> Handler<T> controllers(String kind, Function<T, Optional<LabelSelector>> selector) {
        return selectors(selector, (key, pods) -> state.putController(new Workloads.Controller(kind, key), pods));
    }

    private static <T extends HasMetadata> Handler<T> selectors(
            Function<T, Optional<LabelSelector>> selector, BiConsumer<ObjectKey, Optional<LabelSelector>> known) {
        return new Handler<>() {
            @Override
            public void added(T object) {
                ObjectKey key = ObjectKeys.of(object);
                guarded("selector", key, () -> known.accept(key, selector.apply(object)));
            }

            @Override
            public void updated(T before, T now) {
                added(now);
            }

            @Override
            public void deleted(T last) {
                known.accept(ObjectKeys.of(last), Optional.empty());
            }
        };
    }

    /** An object that can't be understood must not end the watch that the others come by. */
    static void guarded(String kind, ObjectKey key, Runnable change) {
        try {
            change.run();
        } catch (RuntimeException e) {
            log.atError()
                    .setMessage("an object was ignored, because it can't be understood")
                    .addKeyValue("kind", kind)
                    .addKeyValue("key", key)
                    .setCause(e)
                    .log();
        }
    }
}
