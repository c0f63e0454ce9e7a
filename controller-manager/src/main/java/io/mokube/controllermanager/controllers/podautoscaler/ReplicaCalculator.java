package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * How many replicas would bring a metric to its target, by Kubernetes' rules for pods that are not ready, or not measured.
 * Pure. Belongs to one decision.
 */
final class ReplicaCalculator {

    /** Before a pod is this old its use of the processor is looked at closely: it may be that of its start. */
    private static final Duration CPU_INITIALIZATION = Duration.ofMinutes(5);

    /** A pod that was not ready for the first time within this has never been ready. */
    private static final Duration INITIAL_READINESS = Duration.ofSeconds(30);

    private static final String CPU = "cpu";

    private final int specReplicas;
    private final int statusReplicas;
    private final List<Pod> pods;
    private final Tolerance tolerance;
    private final Instant now;

    /**
     * @param specReplicas how many the target wants now
     * @param statusReplicas how many it has
     * @param pods that the target selects
     */
    ReplicaCalculator(int specReplicas, int statusReplicas, List<Pod> pods, Tolerance tolerance, Instant now) {
        this.specReplicas = specReplicas;
        this.statusReplicas = statusReplicas;
        this.pods = pods;
        this.tolerance = tolerance;
        this.now = now;
    }

    /**
     * A proposal.
     *
     * @param percent of what is requested; 0 unless the target is such a part
     * @param milli the value that is shown beside it
     */
    record Proposal(int replicas, int percent, long milli) {}

    /** The pods, apart: those that count, those that don't yet, those without a reading, and those on their way out. */
    private record Groups(int ready, Set<String> unready, Set<String> missing, Set<String> leaving) {}

    /**
     * Of a resource as a part of what is requested.
     *
     * @param container the only one that counts, {@code ""} for whole pods
     * @param targetPercent on average
     */
    Proposal utilization(Map<String, Reading> readings, String resource, String container, int targetPercent)
            throws MetricUnavailableException {
        requirePods();
        Groups groups = group(readings, resource.equals(CPU));
        Map<String, Long> requests = requests(resource, container);
        Map<String, Long> values = counted(readings, groups);
        Utilization found = utilization(values, requests)
                .orElseThrow(() -> new MetricUnavailableException("no metrics returned matched known pods"));
        // A pod that can't be seen may use all it asked for, or all it should, whichever is more.
        long feared = Math.max(100, targetPercent);
        int replicas = replicas(
                groups,
                values,
                each -> utilization(each, requests).map(Utilization::percent).orElse(0) / (double) targetPercent,
                pod -> requests.getOrDefault(pod, 0L) * feared / 100);
        return new Proposal(replicas, found.percent(), found.average());
    }

    private record Utilization(int percent, long average) {}

    private static Optional<Utilization> utilization(Map<String, Long> values, Map<String, Long> requests) {
        long used = 0;
        long requested = 0;
        int known = 0;
        for (Map.Entry<String, Long> value : values.entrySet()) {
            Long request = requests.get(value.getKey());
            if (request != null) {
                used += value.getValue();
                requested += request;
                known++;
            }
        }
        return requested == 0
                ? Optional.empty()
                : Optional.of(new Utilization(Math.toIntExact(used * 100 / requested), used / known));
    }

    /**
     * Of anything that pods are measured by.
     *
     * @param resource what it is of, {@code ""} for other metrics
     * @param targetMilli on average
     */
    Proposal average(Map<String, Reading> readings, String resource, long targetMilli)
            throws MetricUnavailableException {
        requirePods();
        Groups groups = group(readings, resource.equals(CPU));
        Map<String, Long> values = counted(readings, groups);
        int replicas = replicas(groups, values, each -> mean(each) / (double) targetMilli, pod -> targetMilli);
        return new Proposal(replicas, 0, mean(values));
    }

    private static long mean(Map<String, Long> values) {
        return values.values().stream().mapToLong(Long::longValue).sum() / values.size();
    }

    /** Of one value that all replicas together bring about: more replicas in proportion. */
    Proposal value(long milli, long targetMilli) throws MetricUnavailableException {
        double ratio = milli / (double) targetMilli;
        if (specReplicas == 0) {
            return new Proposal(ceil(ratio), 0, milli);
        }
        if (tolerance.covers(ratio)) {
            return new Proposal(specReplicas, 0, milli);
        }
        requirePods();
        long ready = pods.stream()
                .filter(pod -> PodFacts.phase(pod).equals("Running") && PodFacts.isReady(pod))
                .count();
        return new Proposal(ceil(ratio * ready), 0, milli);
    }

    /** Of one value that is shared out among the replicas. */
    Proposal valuePerPod(long milli, long targetMilli) {
        double ratio = milli / ((double) targetMilli * statusReplicas);
        int replicas = tolerance.covers(ratio) ? statusReplicas : ceil(milli / (double) targetMilli);
        long each = statusReplicas == 0 ? 0 : Math.ceilDiv(milli, statusReplicas);
        return new Proposal(replicas, 0, each);
    }

    private void requirePods() throws MetricUnavailableException {
        if (pods.isEmpty()) {
            throw new MetricUnavailableException("no pods returned by selector while calculating replica count");
        }
    }

    private static Map<String, Long> counted(Map<String, Reading> readings, Groups groups)
            throws MetricUnavailableException {
        Map<String, Long> values = new HashMap<>();
        readings.forEach((pod, reading) -> {
            if (!groups.unready().contains(pod) && !groups.leaving().contains(pod)) {
                values.put(pod, reading.milli());
            }
        });
        if (values.isEmpty()) {
            throw new MetricUnavailableException("did not receive metrics for targeted pods (pods might be unready)");
        }
        return values;
    }

    /**
     * @param ratio of values to the target
     * @param feared what a pod without a reading is taken to use when replicas would be taken away
     */
    private int replicas(
            Groups groups,
            Map<String, Long> values,
            ToDoubleFunction<Map<String, Long>> ratio,
            ToLongFunction<String> feared) {
        double first = ratio.applyAsDouble(values);
        boolean unreadyCount = !groups.unready().isEmpty() && first > 1;
        if (!unreadyCount && groups.missing().isEmpty()) {
            return tolerance.covers(first) ? specReplicas : ceil(first * groups.ready());
        }
        Map<String, Long> all = new HashMap<>(values);
        for (String pod : groups.missing()) {
            if (first < 1) {
                all.put(pod, feared.applyAsLong(pod));
            } else if (first > 1) {
                all.put(pod, 0L);
            }
        }
        if (unreadyCount) {
            groups.unready().forEach(pod -> all.put(pod, 0L));
        }
        double careful = ratio.applyAsDouble(all);
        if (tolerance.covers(careful) || (first < 1 && careful > 1) || (first > 1 && careful < 1)) {
            return specReplicas;
        }
        int replicas = ceil(careful * all.size());
        boolean turned = careful < 1 ? replicas > specReplicas : replicas < specReplicas;
        return turned ? specReplicas : replicas;
    }

    private static int ceil(double replicas) {
        return (int) Math.ceil(replicas);
    }

    private Groups group(Map<String, Reading> readings, boolean cpu) {
        int ready = 0;
        Set<String> unready = new HashSet<>();
        Set<String> missing = new HashSet<>();
        Set<String> leaving = new HashSet<>();
        for (Pod pod : pods) {
            String name = pod.getMetadata().getName();
            Reading reading = readings.get(name);
            if (Ownership.isBeingDeleted(pod) || PodFacts.phase(pod).equals("Failed")) {
                leaving.add(name);
            } else if (PodFacts.phase(pod).equals("Pending")) {
                unready.add(name);
            } else if (reading == null) {
                missing.add(name);
            } else if (cpu && isStarting(pod, reading)) {
                unready.add(name);
            } else {
                ready++;
            }
        }
        return new Groups(ready, unready, missing, leaving);
    }

    /** Whether what the pod uses may be that of its start. */
    private boolean isStarting(Pod pod, Reading reading) {
        Optional<PodCondition> ready = PodFacts.condition(pod, "Ready");
        Optional<Instant> started = Times.parse(pod.getStatus().getStartTime());
        if (ready.isEmpty() || started.isEmpty()) {
            return true;
        }
        boolean isUnready = "False".equals(ready.get().getStatus());
        Instant since = Times.parse(ready.get().getLastTransitionTime()).orElse(Instant.EPOCH);
        if (started.get().plus(CPU_INITIALIZATION).isAfter(now)) {
            return isUnready || reading.at().isBefore(since.plus(reading.window()));
        }
        return isUnready && started.get().plus(INITIAL_READINESS).isAfter(since);
    }

    private Map<String, Long> requests(String resource, String container) throws MetricUnavailableException {
        RequestedResource requested = new RequestedResource(resource);
        Map<String, Long> requests = new HashMap<>();
        for (Pod pod : pods) {
            requests.put(
                    pod.getMetadata().getName(),
                    container.isEmpty() ? requested.ofPod(pod) : requested.ofContainer(pod, container));
        }
        return requests;
    }
}
