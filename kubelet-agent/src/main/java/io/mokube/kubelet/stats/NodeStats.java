package io.mokube.kubelet.stats;

import io.mokube.kubelet.node.Machine;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStats;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.stats.Measurement.ContainerUsage;
import io.mokube.kubelet.stats.Measurement.PodUsage;
import io.mokube.kubelet.volume.VolumeUsage;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Measures a node when it is asked. Safe for use by many threads. */
public final class NodeStats {

    /** Rates of less time than this would tell of chance. */
    private static final Duration LEAST_WINDOW = Duration.ofSeconds(10);

    private final String node;
    private final Clock clock;
    private final Instant startedAt;
    private final Function<String, List<VolumeUsage>> volumes;
    private @Nullable Measurement earlier;
    private @Nullable Measurement latest;

    /**
     * @param volumes how full those of a pod are, by its UID
     */
    public NodeStats(String node, Clock clock, Function<String, List<VolumeUsage>> volumes) {
        this.node = node;
        this.volumes = volumes;
        this.clock = clock;
        this.startedAt = clock.instant();
    }

    /** What {@code /metrics/resource} answers: Prometheus' text. A runtime that fails is told as a scrape error. */
    public String resourceMetrics(ContainerRuntime runtime) {
        try {
            return ResourceMetrics.write(measure(runtime));
        } catch (RuntimeCallException e) {
            return ResourceMetrics.failed();
        }
    }

    /**
     * What {@code /stats/summary} answers.
     *
     * @throws RuntimeCallException when the runtime fails
     */
    public JsonNode summary(ContainerRuntime runtime) {
        Measurement now = measure(runtime);
        return Summary.write(node, startedAt, now, before(now), volumes);
    }

    /** The measurement to take rates from; remembers this one for later ones. */
    private synchronized @Nullable Measurement before(Measurement now) {
        Measurement last = latest;
        if (last == null || isOldEnough(last, now)) {
            earlier = last;
            latest = now;
        }
        return earlier;
    }

    private static boolean isOldEnough(Measurement last, Measurement now) {
        return Duration.between(last.node().at(), now.node().at()).compareTo(LEAST_WINDOW) >= 0;
    }

    private Measurement measure(ContainerRuntime runtime) {
        Map<String, String> own = Map.of(RuntimeLabels.NODE, node);
        Map<String, ContainerStats> stats = new HashMap<>();
        runtime.containerStats(own).forEach(each -> stats.put(each.id(), each));
        // By namespace, name and UID: a pod may have taken the name of one that is still going.
        Map<String, PodUsage> pods = new TreeMap<>();
        List<ContainerSummary> containers = runtime.listContainers(own).stream()
                .filter(container -> container.state() == State.RUNNING)
                .sorted(Comparator.comparing(ContainerSummary::name))
                .toList();
        for (ContainerSummary container : containers) {
            ContainerStats used = stats.get(container.id());
            if (used == null) {
                continue;
            }
            Map<String, String> labels = container.labels();
            String namespace = labels.getOrDefault(RuntimeLabels.POD_NAMESPACE, "");
            String name = labels.getOrDefault(RuntimeLabels.POD_NAME, "");
            String uid = labels.getOrDefault(RuntimeLabels.POD_UID, "");
            pods.computeIfAbsent(
                            namespace + "/" + name + "/" + uid,
                            key -> new PodUsage(namespace, name, uid, new ArrayList<>()))
                    .containers()
                    .add(new ContainerUsage(
                            container.id(),
                            labels.getOrDefault(RuntimeLabels.CONTAINER_NAME, container.name()),
                            container.createdAt(),
                            used.usage(),
                            used.writableBytes()));
        }
        return new Measurement(
                runtime.machineUsage().orElseGet(() -> Machine.usage(clock.instant())), List.copyOf(pods.values()));
    }
}
