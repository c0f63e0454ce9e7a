package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which surplus pods go first, as Kubernetes ranks them: unassigned before assigned, Pending before Unknown before
 * Running, not ready before ready, the lower {@code controller.kubernetes.io/pod-deletion-cost}, the node with more pods
 * of the same owner, ready for a shorter time, more restarts, created later. Times count by powers of two, so that pods
 * of about the same age are equals; among equals the UID decides, which is as good as chance but repeatable. Kubernetes
 * lets the UID decide already between ready pods of about the same age, whatever their restarts, and only those ready
 * since the very same second by restarts; an order of that kind runs in circles, which sorting here does not allow. Pure.
 */
public final class DeletionOrder {

    private static final String DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

    private DeletionOrder() {}

    /** The {@code count} pods to delete first. */
    public static List<Pod> first(int count, List<Pod> pods, Collection<Pod> related, Instant now) {
        return count >= pods.size()
                ? List.copyOf(pods)
                : pods.stream().sorted(order(related, now)).limit(count).toList();
    }

    private static Comparator<Pod> order(Collection<Pod> related, Instant now) {
        Map<String, Integer> relatedOnNode = new HashMap<>();
        for (Pod pod : related) {
            relatedOnNode.merge(nodeName(pod), 1, Integer::sum);
        }
        return Comparator.<Pod, Boolean>comparing(pod -> !nodeName(pod).isEmpty())
                .thenComparing(DeletionOrder::phaseRank)
                .thenComparing(PodFacts::isReady)
                .thenComparing(DeletionOrder::deletionCost)
                .thenComparing(pod -> -relatedOnNode.getOrDefault(nodeName(pod), 0))
                .thenComparing(pod -> ageRank(PodFacts.readySince(pod), now))
                .thenComparing(pod -> -restarts(pod))
                .thenComparing(pod -> ageRank(Times.parse(pod.getMetadata().getCreationTimestamp()), now))
                .thenComparing(pod -> pod.getMetadata().getUid());
    }

    private static String nodeName(Pod pod) {
        @Nullable String name = pod.getSpec().getNodeName();
        return name == null ? "" : name;
    }

    private static int phaseRank(Pod pod) {
        return switch (PodFacts.phase(pod)) {
            case "Pending", "" -> 0;
            case "Unknown" -> 1;
            default -> 2;
        };
    }

    /** The annotated cost; 0 when there is none or no number. */
    private static int deletionCost(Pod pod) {
        String cost = Ownership.annotations(pod).getOrDefault(DELETION_COST, "0");
        try {
            return Integer.parseInt(cost);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** The logarithm of an age in nanoseconds, in which Kubernetes counts; no time at all counts as the youngest. */
    private static int ageRank(Optional<Instant> since, Instant now) {
        if (since.isEmpty()) {
            return -2;
        }
        Duration age = Duration.between(since.get(), now);
        return age.isPositive() ? Long.SIZE - 1 - Long.numberOfLeadingZeros(age.toNanos()) : -1;
    }

    private static int restarts(Pod pod) {
        if (pod.getStatus() == null) {
            return 0;
        }
        @Nullable List<ContainerStatus> statuses = pod.getStatus().getContainerStatuses();
        int most = 0;
        if (statuses != null) {
            for (ContainerStatus status : statuses) {
                most = Math.max(most, Ownership.orZero(status.getRestartCount()));
            }
        }
        return most;
    }
}
