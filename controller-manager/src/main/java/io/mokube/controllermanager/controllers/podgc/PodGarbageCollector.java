package io.mokube.controllermanager.controllers.podgc;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks over all pods every 20 seconds and removes those that nobody else will, with the numbers of Kubernetes. */
public final class PodGarbageCollector {

    private static final Logger log = LoggerFactory.getLogger(PodGarbageCollector.class);
    private static final String NAME = "pod-garbage-collector-controller";
    private static final Duration PERIOD = Duration.ofSeconds(20);

    /** How long a node must be missing: one that is made anew under its name keeps its pods. */
    private static final Duration QUARANTINE = Duration.ofSeconds(40);

    private static final int ENDED_ALLOWED = 12_500;

    private final Store<Pod> pods;
    private final Store<Node> nodes;
    private final ResourceClient<Pod> podClient;
    private final ResourceClient<Node> nodeClient;
    private final Clock clock;

    /** When each missing node was first missed; only the one worker uses it. */
    private final Map<String, Long> missingSince = new HashMap<>();

    private PodGarbageCollector(Store<Pod> pods, Store<Node> nodes, ApiClient client, Clock clock) {
        this.pods = pods;
        this.nodes = nodes;
        this.podClient = client.resource(Pod.class);
        this.nodeClient = client.resource(Node.class);
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<Node> nodes = context.informers().informer(Node.class);
        PodGarbageCollector collector = new PodGarbageCollector(
                pods.store(),
                nodes.store(),
                context.client(),
                context.platform().clock());
        ReconcileLoop<String> loop = new ReconcileLoop<>(NAME, 1, any -> collector.sweep(), context.platform());
        loop.queue().add("all pods");
        return Controller.of(NAME, List.of(pods, nodes), loop);
    }

    private Outcome sweep() {
        List<Pod> all = pods.list();
        noteMissingNodes(Collectable.nodes(all));
        Map<String, Boolean> gone = new HashMap<>();
        Collectable collectable = Collectable.of(all, node -> gone.computeIfAbsent(node, this::isGone), ENDED_ALLOWED);
        for (Pod pod : collectable.orphaned()) {
            remove(markFailed(pod), "its node is gone");
        }
        for (Pod pod : collectable.unscheduled()) {
            remove(pod, "it was deleted and has no node");
        }
        for (Pod pod : collectable.ended()) {
            remove(pod, "too many pods have ended");
        }
        return Outcome.again(PERIOD);
    }

    private void noteMissingNodes(Set<String> used) {
        missingSince.keySet().retainAll(used);
        for (String node : used) {
            if (nodes.get(new ObjectKey("", node)).isPresent()) {
                missingSince.remove(node);
            } else {
                missingSince.putIfAbsent(node, clock.nanoTime());
            }
        }
    }

    /** Whether the node was missing for long enough, and still is when the server is asked. */
    private boolean isGone(String node) {
        Long since = missingSince.get(node);
        return since != null
                && clock.nanoTime() - since >= QUARANTINE.toNanos()
                && nodeClient.get(new ObjectKey("", node)).isEmpty();
    }

    /** Tells owners and watchers that the pod did not end well, as nothing else will. */
    private Pod markFailed(Pod pod) {
        if (Collectable.hasEnded(pod)) {
            return pod;
        }
        Pod failed = new PodBuilder(pod)
                .editOrNewStatus()
                .withPhase("Failed")
                .removeMatchingFromConditions(condition -> "DisruptionTarget".equals(condition.getType()))
                .addNewCondition()
                .withType("DisruptionTarget")
                .withStatus("True")
                .withReason("DeletionByPodGC")
                .withMessage("PodGC: node no longer exists")
                .withLastTransitionTime(
                        clock.instant().truncatedTo(ChronoUnit.SECONDS).toString())
                .endCondition()
                .endStatus()
                .build();
        try {
            return podClient.updateStatus(failed);
        } catch (ApiException e) {
            if (e.isNotFound()) {
                return pod;
            }
            throw e;
        }
    }

    private void remove(Pod pod, String reason) {
        try {
            podClient.delete(
                    ObjectKeys.of(pod),
                    DeleteOptions.DEFAULT.withUid(pod.getMetadata().getUid()).withGracePeriod(Duration.ZERO));
            log.atInfo()
                    .setMessage("removed a pod")
                    .addKeyValue("pod", ObjectKeys.of(pod))
                    .addKeyValue("reason", reason)
                    .log();
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
    }
}
