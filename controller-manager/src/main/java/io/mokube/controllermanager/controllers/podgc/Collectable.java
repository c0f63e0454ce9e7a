package io.mokube.controllermanager.controllers.podgc;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The pods to collect, and why. A pod stands in one list only.
 *
 * @param orphaned bound to a node that is gone
 * @param unscheduled deleted, and without a node whose agent would let them go
 * @param ended the oldest of those that have ended, as many as are too many
 */
record Collectable(List<Pod> orphaned, List<Pod> unscheduled, List<Pod> ended) {

    Collectable {
        orphaned = List.copyOf(orphaned);
        unscheduled = List.copyOf(unscheduled);
        ended = List.copyOf(ended);
    }

    /** Sorts pods out; a pure function. */
    static Collectable of(List<Pod> pods, Predicate<String> nodeIsGone, int endedAllowed) {
        List<Pod> orphaned = new ArrayList<>();
        List<Pod> unscheduled = new ArrayList<>();
        List<Pod> ended = new ArrayList<>();
        for (Pod pod : pods) {
            String node = node(pod);
            if (!node.isEmpty() && nodeIsGone.test(node)) {
                orphaned.add(pod);
            } else if (node.isEmpty() && pod.isMarkedForDeletion()) {
                unscheduled.add(pod);
            } else if (hasEnded(pod) && !pod.isMarkedForDeletion()) {
                ended.add(pod);
            }
        }
        ended.sort(Comparator.comparing((Pod pod) -> pod.getMetadata().getCreationTimestamp())
                .thenComparing(pod -> pod.getMetadata().getNamespace())
                .thenComparing(pod -> pod.getMetadata().getName()));
        return new Collectable(orphaned, unscheduled, ended.subList(0, Math.max(0, ended.size() - endedAllowed)));
    }

    /** The nodes that pods are bound to. */
    static Set<String> nodes(List<Pod> pods) {
        Set<String> nodes = new LinkedHashSet<>();
        pods.stream().map(Collectable::node).filter(node -> !node.isEmpty()).forEach(nodes::add);
        return nodes;
    }

    static boolean hasEnded(Pod pod) {
        String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    static String node(Pod pod) {
        String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
        return node == null ? "" : node;
    }
}
