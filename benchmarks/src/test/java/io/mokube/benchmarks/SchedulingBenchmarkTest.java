package io.mokube.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.benchmarks.Benchmarks.Options;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.EtcdProcess;
import io.mokube.testkit.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class SchedulingBenchmarkTest {

    @TempDir
    private Path results;

    /** That every case runs and is reported, in small clusters; how fast is asserted nowhere. */
    @Test
    void everyCaseIsReplayedAtThreeSizes() throws Exception {
        String table = Benchmarks.run("scheduling", new Options(2, Duration.ZERO, Duration.ZERO, 0, 0, 60, 0, results));
        assertThat(table).contains("| SchedulingBasic | 120 |", "| 680 |", "exponent to 180");
        try (Stream<Path> files = Files.list(results)) {
            Path json = files.filter(file -> file.toString().endsWith(".json"))
                    .findFirst()
                    .orElseThrow();
            JsonNode cases = Json.MAPPER.readTree(Files.readString(json)).get("cases");
            assertThat(cases.size()).isEqualTo(SchedulingCase.ALL.size());
            for (JsonNode each : cases) {
                assertThat(each.get("sizes").size()).isEqualTo(3);
                for (JsonNode size : each.get("sizes")) {
                    assertThat(size.get("rounds").size()).isEqualTo(2);
                    assertThat(size.at("/rounds/0/pods").asInt()).isPositive();
                }
            }
        }
    }

    /** That a case runs through API server and etcd. */
    @Test
    void aCaseGoesThroughEtcd() throws Exception {
        Needs.part("etcd", EtcdProcess.available());
        String table = Benchmarks.run(
                "scheduling-etcd:SchedulingBasic", new Options(1, Duration.ZERO, Duration.ZERO, 0, 0, 30, 0, results));
        assertThat(table).contains("| SchedulingBasic, round 1 | 60 |", "of Kubernetes' threshold of 680");
    }
}
