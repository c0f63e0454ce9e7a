package io.mokube.controllermanager.controllers.daemonset;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatusBuilder;
import io.mokube.controllermanager.controllers.daemonset.DaemonTemplate.Fit;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A set's daemons by their nodes, at one moment. Pure. */
final class Daemons {

    private static final Comparator<Pod> BOUND_THEN_OLDEST_FIRST = Comparator.comparing(
                    (Pod pod) -> !DaemonTemplate.isBound(pod))
            .thenComparing(Daemons::created)
            .thenComparing(pod -> pod.getMetadata().getName());

    private final DaemonSet set;
    private final String hash;
    private final Instant now;
    private final Duration minReady;
    private final NavigableMap<String, Fit> fits = new TreeMap<>();
    private final NavigableMap<String, List<Pod>> byNode = new TreeMap<>();

    /** The set's daemons, of which those with this hash are up to date. */
    Daemons(DaemonSet set, String hash, Collection<Node> nodes, Collection<Pod> pods, Instant now) {
        this.set = set;
        this.hash = hash;
        this.now = now;
        this.minReady = Duration.ofSeconds(orZero(set.getSpec().getMinReadySeconds()));
        nodes.forEach(node -> fits.put(node.getMetadata().getName(), DaemonTemplate.fit(set, node)));
        for (Pod pod : pods) {
            // What has ended and is being deleted needs nothing on its node any more.
            if (!(PodFacts.isFinished(pod) && Ownership.isBeingDeleted(pod))) {
                DaemonTemplate.node(pod)
                        .ifPresent(node -> byNode.computeIfAbsent(node, name -> new ArrayList<>())
                                .add(pod));
            }
        }
        byNode.values().forEach(list -> list.sort(BOUND_THEN_OLDEST_FIRST));
    }

    DaemonSet set() {
        return set;
    }

    /** The nodes that there are and how they suit, by their names. */
    Map<String, Fit> fits() {
        return fits;
    }

    /** The nodes that have daemons, whether they are there or not. */
    NavigableMap<String, List<Pod>> byNode() {
        return byNode;
    }

    /** A node's daemons, the oldest first. */
    List<Pod> on(String node) {
        return byNode.getOrDefault(node, List.of());
    }

    int wanted() {
        return Math.toIntExact(
                fits.values().stream().filter(fit -> fit == Fit.WANTED).count());
    }

    boolean isUpdated(Pod pod) {
        return DaemonTemplate.isUpdated(pod, hash);
    }

    boolean isAvailable(Pod pod) {
        return PodFacts.isAvailable(pod, minReady, now);
    }

    /** When the earliest ready daemon becomes available, if one has yet to. */
    Optional<Duration> nextAvailable() {
        return byNode.values().stream()
                .flatMap(List::stream)
                .flatMap(pod -> PodFacts.untilAvailable(pod, minReady, now).stream())
                .min(Duration::compareTo);
    }

    /** The status for these daemons; of several on a node the oldest counts. */
    DaemonSetStatus status() {
        int current = 0;
        int misscheduled = 0;
        int ready = 0;
        int available = 0;
        int updated = 0;
        for (Map.Entry<String, Fit> node : fits.entrySet()) {
            Optional<Pod> daemon = on(node.getKey()).stream().findFirst();
            if (daemon.isEmpty()) {
                continue;
            }
            if (node.getValue() != Fit.WANTED) {
                misscheduled++;
                continue;
            }
            current++;
            ready += PodFacts.isReady(daemon.get()) ? 1 : 0;
            available += isAvailable(daemon.get()) ? 1 : 0;
            updated += isUpdated(daemon.get()) ? 1 : 0;
        }
        @Nullable DaemonSetStatus old = set.getStatus();
        return (old == null ? new DaemonSetStatusBuilder() : new DaemonSetStatusBuilder(old))
                .withObservedGeneration(Ownership.generation(set))
                .withDesiredNumberScheduled(wanted())
                .withCurrentNumberScheduled(current)
                .withNumberMisscheduled(misscheduled)
                .withNumberReady(ready)
                .withUpdatedNumberScheduled(updated)
                .withNumberAvailable(available)
                .withNumberUnavailable(wanted() - available)
                .build();
    }

    private static String created(Pod pod) {
        @Nullable String created = pod.getMetadata().getCreationTimestamp();
        return created == null ? "" : created;
    }
}
