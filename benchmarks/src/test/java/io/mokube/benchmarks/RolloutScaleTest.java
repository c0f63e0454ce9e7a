package io.mokube.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.mokube.benchmarks.Benchmarks.Options;
import io.mokube.benchmarks.RolloutScale.Step;
import io.mokube.machinery.object.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class RolloutScaleTest {

    @TempDir
    private Path results;

    /** That it runs and reports; how fast is asserted nowhere. */
    @Test
    void measuresEveryStepAtEverySizeAndEveryComponent() throws Exception {
        String table = Benchmarks.run("rollout", new Options(1, Duration.ZERO, Duration.ZERO, 100, 0, 3, 30, results));
        assertThat(table).contains("| roll over | 100 |", "3 hollow nodes", "| create | 10 | 100 |", "| fill | 30 |");
        try (Stream<Path> files = Files.list(results)) {
            Path json = files.filter(file -> file.toString().endsWith(".json"))
                    .findFirst()
                    .orElseThrow();
            JsonNode report = Json.MAPPER.readTree(Files.readString(json));
            assertThat(report.get("steps").size()).isEqualTo(10);
            for (JsonNode step : report.get("steps")) {
                assertThat(step.get("seconds").asDouble()).isPositive();
                assertThat(step.get("cpuSeconds").size()).isEqualTo(4);
                assertThat(step.at("/residentBytes/controller manager").asLong())
                        .isPositive();
            }
        }
    }

    @Test
    void theExponentOfALinearCostIsOneAndOfASquareTwo() {
        Step small = step(100, Duration.ofSeconds(2));
        assertThat(exponent(small, step(1000, Duration.ofSeconds(20)))).isEqualTo(1, within(1e-9));
        assertThat(exponent(small, step(1000, Duration.ofSeconds(200)))).isEqualTo(2, within(1e-9));
    }

    private static double exponent(Step small, Step large) {
        return ScaleReport.exponent(small, large, step -> step.time().toNanos());
    }

    private static Step step(int replicas, Duration time) {
        return new Step("create", replicas, time, Map.of(), Map.of());
    }
}
