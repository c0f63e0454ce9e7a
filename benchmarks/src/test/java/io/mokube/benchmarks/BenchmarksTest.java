package io.mokube.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.benchmarks.Benchmarks.Options;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.KubeProxy;
import io.mokube.testkit.EtcdProcess;
import io.mokube.testkit.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** That the benchmarks run and report, in a short version; how fast is asserted nowhere, because machines differ. */
class BenchmarksTest {

    @TempDir
    private Path results;

    @ParameterizedTest
    @ValueSource(strings = {"get", "list", "create", "watch", "latency", "memory", "dns", "services"})
    void measuresAndReports(String what) throws Exception {
        Needs.part("nginx", !what.equals("list") || NginxSubject.command().isPresent());
        Needs.part("nftables and root", !what.equals("services") || KubeProxy.canProgram());
        Needs.part("etcd", !Set.of("create", "latency").contains(what) || EtcdProcess.available());
        Options options = new Options(2, Duration.ofMillis(300), Duration.ofMillis(300), 50, 20, 5, 0, results);
        String table = Benchmarks.run(what, options);
        assertThat(table).containsPattern("[≥≤] [0-9]");
        try (Stream<Path> files = Files.list(results)) {
            List<Path> json =
                    files.filter(file -> file.toString().endsWith(".json")).toList();
            assertThat(json).hasSize(1);
            JsonNode report = Json.MAPPER.readTree(Files.readString(json.getFirst()));
            assertThat(report.path("comparisons").size()
                            + report.get("measures").size())
                    .isPositive();
            for (JsonNode measure : report.get("measures")) {
                assertThat(measure.get("ratio").asDouble()).isNotNegative();
            }
            for (JsonNode comparison : report.path("comparisons")) {
                assertThat(comparison.get("rounds").size()).isEqualTo(2);
                assertThat(comparison.get("medianRatio").asDouble()).isPositive();
                for (JsonNode round : comparison.get("rounds")) {
                    assertThat(round.get("ours").get("operations").asLong()).isPositive();
                    assertThat(round.get("theirs").get("operations").asLong()).isPositive();
                }
            }
        }
    }
}
