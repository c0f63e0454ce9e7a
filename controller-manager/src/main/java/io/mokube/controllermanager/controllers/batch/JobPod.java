package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a pod says to the Job it belongs to. Pure. */
final class JobPod {

    /** Keeps a pod there until the Job's status has counted it. */
    static final String FINALIZER = "batch.kubernetes.io/job-tracking";

    static final String INDEX = "batch.kubernetes.io/job-completion-index";
    static final String FAILURES = "batch.kubernetes.io/job-index-failure-count";
    static final String IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count";

    private JobPod() {}

    static String uid(Pod pod) {
        return pod.getMetadata().getUid();
    }

    static boolean isTracked(Pod pod) {
        @Nullable List<String> finalizers = pod.getMetadata().getFinalizers();
        return finalizers != null && finalizers.contains(FINALIZER);
    }

    static boolean hasSucceeded(Pod pod) {
        return PodFacts.phase(pod).equals("Succeeded");
    }

    static boolean hasEndedInFailure(Pod pod) {
        return PodFacts.phase(pod).equals("Failed");
    }

    /** Whether the pod counts as failed: a pod on its way out does unless its Job waits for its end. */
    static boolean hasFailed(Pod pod, Job job) {
        return hasEndedInFailure(pod) || (!JobFacts.waitsForTermination(job) && PodFacts.isTerminating(pod));
    }

    /** The completion index; empty when there is none that can be read. */
    static OptionalInt index(Pod pod) {
        @Nullable String text = Ownership.annotations(pod).get(INDEX);
        int index = text == null ? -1 : number(text, -1);
        return index < 0 ? OptionalInt.empty() : OptionalInt.of(index);
    }

    /** How often the pods before this one failed in its index, and it counted. */
    static int failures(Pod pod) {
        return number(Ownership.annotations(pod).getOrDefault(FAILURES, "0"), 0);
    }

    /** How often the pods before this one failed in its index, and it did not count. */
    static int ignoredFailures(Pod pod) {
        return number(Ownership.annotations(pod).getOrDefault(IGNORED_FAILURES, "0"), 0);
    }

    private static int number(String text, int otherwise) {
        try {
            int number = Integer.parseInt(text);
            return number < 0 ? otherwise : number;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /** How often the containers were started anew. */
    static int restarts(Pod pod) {
        return statuses(pod).stream()
                .mapToInt(status -> Ownership.orZero(status.getRestartCount()))
                .sum();
    }

    /** All containers' statuses, init containers last. */
    static List<ContainerStatus> statuses(Pod pod) {
        List<ContainerStatus> all = new ArrayList<>();
        if (pod.getStatus() != null) {
            @Nullable List<ContainerStatus> containers = pod.getStatus().getContainerStatuses();
            @Nullable List<ContainerStatus> initContainers = pod.getStatus().getInitContainerStatuses();
            all.addAll(containers == null ? List.of() : containers);
            all.addAll(initContainers == null ? List.of() : initContainers);
        }
        return all;
    }

    static Optional<ContainerStateTerminated> terminated(ContainerStatus status) {
        return status.getState() == null
                ? Optional.empty()
                : Optional.ofNullable(status.getState().getTerminated());
    }

    /**
     * When the pod ended: when its last container or sidecar did, or it ceased to be ready, or it was told to end; else
     * when it was created.
     */
    static Instant endedAt(Pod pod) {
        return containersEndedAt(pod)
                .or(() -> PodFacts.condition(pod, "Ready")
                        .filter(ready -> "False".equals(ready.getStatus()))
                        .flatMap(ready -> Times.parse(ready.getLastTransitionTime())))
                .or(() -> deletedAt(pod))
                .or(() -> Times.parse(pod.getMetadata().getCreationTimestamp()))
                .orElse(Instant.EPOCH);
    }

    private static Optional<Instant> containersEndedAt(Pod pod) {
        Set<String> once = new HashSet<>();
        @Nullable List<Container> initContainers = pod.getSpec().getInitContainers();
        for (Container container : initContainers == null ? List.<Container>of() : initContainers) {
            if (!"Always".equals(container.getRestartPolicy())) {
                once.add(container.getName());
            }
        }
        Optional<Instant> latest = Optional.empty();
        for (ContainerStatus status : statuses(pod)) {
            if (once.contains(status.getName())) {
                continue;
            }
            Optional<Instant> ended = terminated(status).flatMap(end -> Times.parse(end.getFinishedAt()));
            if (ended.isEmpty()) {
                return Optional.empty();
            }
            latest = latest.filter(time -> time.isAfter(ended.get())).or(() -> ended);
        }
        return latest;
    }

    private static Optional<Instant> deletedAt(Pod pod) {
        @Nullable Long grace = pod.getMetadata().getDeletionGracePeriodSeconds();
        return Times.parse(pod.getMetadata().getDeletionTimestamp())
                .map(due -> due.minusSeconds(grace == null ? 0 : grace));
    }
}
