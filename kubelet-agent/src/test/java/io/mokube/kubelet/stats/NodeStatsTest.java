package io.mokube.kubelet.stats;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.runtime.hollow.HollowScript;
import io.mokube.kubelet.volume.VolumeUsage;
import io.mokube.kubelet.volume.VolumeUsage.Space;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What a node says of its use, in both forms. */
class NodeStatsTest {

    private static final Space UNKNOWN = new Space(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());

    private static final VolumeUsage DATA = new VolumeUsage(
            "data",
            Optional.of(new ObjectKey("default", "claim")),
            new Space(OptionalLong.of(100), OptionalLong.of(60), OptionalLong.of(40)),
            UNKNOWN);

    private final SimulatedClock clock = new SimulatedClock(Instant.parse("2026-01-01T00:00:00Z"));
    private final HollowRuntime runtime = new HollowRuntime("10.1.2.0/24", HollowScript.QUIET, clock);
    private final NodeStats stats = new NodeStats("node-1", clock, uid -> uid.equals("u1") ? List.of(DATA) : List.of());
    private final Map<String, Map<String, String>> annotations = new HashMap<>();

    @BeforeEach
    void runPods() {
        runtime.lookUpAnnotations(uid -> Optional.ofNullable(annotations.get(uid)));
        runtime.pullImage("web:1", Optional.empty());
        annotations.put("u1", Map.of("mokube.io/cpu-usage", "250m", "mokube.io/memory-usage", "64Mi"));
        start("web", "u1", "main", "log");
        start("idle", "u2", "main");
    }

    private void start(String pod, String uid, String... containers) {
        Map<String, String> labels = new HashMap<>(Map.of(
                RuntimeLabels.NODE,
                "node-1",
                RuntimeLabels.POD_NAMESPACE,
                "default",
                RuntimeLabels.POD_NAME,
                pod,
                RuntimeLabels.POD_UID,
                uid));
        SandboxConfig sandbox = new SandboxConfig(
                pod,
                uid,
                "default",
                0,
                pod,
                "/logs",
                SandboxConfig.Dns.HOST,
                List.of(),
                labels,
                Map.of(),
                "",
                SandboxConfig.Namespaces.OWN,
                Map.of(),
                false);
        String id = runtime.runSandbox(sandbox);
        for (String container : containers) {
            labels.put(RuntimeLabels.CONTAINER_NAME, container);
            runtime.startContainer(runtime.createContainer(
                    id,
                    new ContainerConfig(
                            container,
                            0,
                            "web:1",
                            List.of(),
                            List.of(),
                            "",
                            Map.of(),
                            List.of(),
                            Map.copyOf(labels),
                            Map.of(),
                            "0.log",
                            false,
                            false,
                            false,
                            new ContainerConfig.Resources(0, 0, 0, 0, 0),
                            ContainerConfig.Security.DEFAULT,
                            SandboxConfig.Namespaces.OWN),
                    sandbox));
        }
    }

    @Test
    void resourceMetricsAreKubernetesOwn() {
        clock.advance(Duration.ofSeconds(20));
        assertThat(stats.resourceMetrics(runtime)).isEqualTo("""
                # HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
                # TYPE container_cpu_usage_seconds_total counter
                container_cpu_usage_seconds_total{container="main",namespace="default",pod="idle"} 0.2 1767225620000
                container_cpu_usage_seconds_total{container="log",namespace="default",pod="web"} 5 1767225620000
                container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 5 1767225620000
                # HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes
                # TYPE container_memory_working_set_bytes gauge
                container_memory_working_set_bytes{container="main",namespace="default",pod="idle"} 16777216 1767225620000
                container_memory_working_set_bytes{container="log",namespace="default",pod="web"} 67108864 1767225620000
                container_memory_working_set_bytes{container="main",namespace="default",pod="web"} 67108864 1767225620000
                # HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds
                # TYPE container_start_time_seconds gauge
                container_start_time_seconds{container="main",namespace="default",pod="idle"} 1767225600 1767225620000
                container_start_time_seconds{container="log",namespace="default",pod="web"} 1767225600 1767225620000
                container_start_time_seconds{container="main",namespace="default",pod="web"} 1767225600 1767225620000
                # HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
                # TYPE node_cpu_usage_seconds_total counter
                node_cpu_usage_seconds_total 10.2 1767225620000
                # HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes
                # TYPE node_memory_working_set_bytes gauge
                node_memory_working_set_bytes 150994944 1767225620000
                # HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds
                # TYPE pod_cpu_usage_seconds_total counter
                pod_cpu_usage_seconds_total{namespace="default",pod="idle"} 0.2 1767225620000
                pod_cpu_usage_seconds_total{namespace="default",pod="web"} 10 1767225620000
                # HELP pod_memory_working_set_bytes [STABLE] Current working set of the pod in bytes
                # TYPE pod_memory_working_set_bytes gauge
                pod_memory_working_set_bytes{namespace="default",pod="idle"} 16777216 1767225620000
                pod_memory_working_set_bytes{namespace="default",pod="web"} 134217728 1767225620000
                # HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise
                # TYPE resource_scrape_error gauge
                resource_scrape_error 0
                """);
    }

    @Test
    void theSummaryHasRatesOnceThereAreTwoMeasurements() {
        JsonNode first = stats.summary(runtime);
        assertThat(first.at("/node/nodeName").asString()).isEqualTo("node-1");
        assertThat(first.at("/node/cpu").has("usageNanoCores")).isFalse();
        clock.advance(Duration.ofSeconds(20));
        annotations.put("u1", Map.of("mokube.io/cpu-usage", "1", "mokube.io/memory-usage", "nonsense"));
        JsonNode second = stats.summary(runtime);
        assertThat(second.at("/pods/1/podRef/name").asString()).isEqualTo("web");
        assertThat(second.at("/pods/1/podRef/uid").asString()).isEqualTo("u1");
        assertThat(second.at("/pods/1/cpu/usageNanoCores").asLong()).isEqualTo(2_000_000_000L);
        assertThat(second.at("/pods/1/memory/workingSetBytes").asLong()).isEqualTo(32L << 20);
        assertThat(second.at("/pods/1/containers/0/name").asString()).isEqualTo("log");
        assertThat(second.at("/pods/1/containers/0/cpu/usageNanoCores").asLong())
                .isEqualTo(1_000_000_000L);
        assertThat(second.at("/pods/0/cpu/usageCoreNanoSeconds").asLong()).isEqualTo(200_000_000L);
        assertThat(second.at("/node/cpu/usageNanoCores").asLong()).isEqualTo(2_010_000_000L);
    }

    @Test
    void theSummaryTellsHowFullVolumesAre() {
        JsonNode pods = stats.summary(runtime).path("pods");
        assertThat(pods.get(0).has("volume")).isFalse();
        assertThat(pods.get(1).path("volume")).hasSize(1);
        assertThat(pods.get(1).at("/volume/0").toString())
                .endsWith("\"availableBytes\":60,\"capacityBytes\":100,\"usedBytes\":40,\"name\":\"data\","
                        + "\"pvcRef\":{\"name\":\"claim\",\"namespace\":\"default\"}}");
    }

    @Test
    void whatEndedIsNotAPodsAnyMoreButWasTheNodes() {
        clock.advance(Duration.ofSeconds(20));
        stats.summary(runtime);
        runtime.listContainers(Map.of(RuntimeLabels.POD_NAME, "web"))
                .forEach(container -> runtime.crash(container.id(), 1));
        clock.advance(Duration.ofSeconds(20));
        JsonNode later = stats.summary(runtime);
        assertThat(later.at("/pods")).hasSize(1);
        assertThat(later.at("/node/cpu/usageCoreNanoSeconds").asLong()).isEqualTo(10_400_000_000L);
    }
}
