package io.mokube.apiserver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is made of what kubelets say. */
class MeasuredTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");
    private static final ObjectKey WEB = new ObjectKey("default", "web");

    private static final String TEXT = """
            # HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
            # TYPE node_cpu_usage_seconds_total counter
            node_cpu_usage_seconds_total 357.35491 1633253809720
            node_memory_working_set_bytes 1.616273408e+09 1633253809720
            container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 4.710169 1633253812125
            container_memory_working_set_bytes{container="main",namespace="default",pod="web"} 1.253376e+07 1633253812125
            container_start_time_seconds{container="main",namespace="default",pod="web"} 1.6332538e+09
            container_cpu_usage_seconds_total{container="half",namespace="default",pod="web"} 1 1633253812125
            container_cpu_usage_seconds_total{container="quoted \\"} x",namespace="default",pod="odd"} 1 1633253812125
            scrape_error 0
            nonsense
            node_cpu_usage_seconds_total NaN
            """;

    @Test
    void readsWhatAKubeletWrites() {
        NodeSample sample = NodeSample.parse(TEXT, NOW);
        assertThat(sample.node())
                .contains(new Sample(Instant.ofEpochMilli(1633253809720L), 357_354_910_000L, 1_616_273_408L, null));
        assertThat(sample.pods().get(WEB))
                .isEqualTo(Map.of(
                        "main",
                        new Sample(
                                Instant.ofEpochMilli(1633253812125L),
                                4_710_169_000L,
                                12_533_760L,
                                Instant.ofEpochSecond(1633253800L))));
    }

    @Test
    void anAnswerThatIsNoMeasurementSaysNothing() {
        NodeSample sample = NodeSample.parse("<html>not found</html>\n{\"}\n", NOW);
        assertThat(sample.node()).isEmpty();
        assertThat(sample.pods()).isEmpty();
    }

    /** Two samples 15 s apart: seconds of life and of processor at each, and the rate in thousandths of a core. */
    @ParameterizedTest
    @CsvSource({
        "100, 10, 115, 13, 200",
        "100, 10, 115, 10, 0",
        // Began anew: too young, then by its own life.
        "100, 10, 5, 1, -1",
        "100, 10, 12, 3, 250",
        // The same life can't lose time.
        "100, 10, 115, 9, -1",
        // Not there before.
        "-1, 0, 8, 4, -1",
        "-1, 0, 20, 5, 250",
        "-1, 0, 90, 5, -1",
    })
    void aRateNeedsTwoMomentsOfOneLife(int ageBefore, int usedBefore, int age, int used, int millis) {
        Sample before = ageBefore < 0
                ? null
                : new Sample(
                        NOW.minusSeconds(15),
                        usedBefore * 1_000_000_000L,
                        1,
                        NOW.minusSeconds(15).minusSeconds(ageBefore));
        Optional<Usage> usage = new Sample(NOW, used * 1_000_000_000L, 7, NOW.minusSeconds(age)).since(before);
        assertThat(usage.map(each -> each.nanoCores() / 1_000_000))
                .isEqualTo(millis < 0 ? Optional.empty() : Optional.of((long) millis));
        usage.ifPresent(each -> assertThat(each.memoryBytes()).isEqualTo(7));
    }

    private static NodeSample node(int second, long cpuSeconds, Map<String, Sample> web) {
        return new NodeSample(
                Optional.of(new Sample(NOW.plusSeconds(second), cpuSeconds * 1_000_000_000L, 100, null)),
                Map.of(WEB, web));
    }

    private static Sample container(int second, long cpuSeconds, int began) {
        return new Sample(NOW.plusSeconds(second), cpuSeconds * 1_000_000_000L, 10, NOW.plusSeconds(began));
    }

    @Test
    void aNodeIsKnownAfterTwoRoundsAndUnknownWhileItIsSilent() {
        Measured one = Measured.NOTHING.next(Map.of("a", Optional.of(node(0, 10, Map.of()))));
        assertThat(one.nodes()).isEmpty();
        Measured two = one.next(Map.of("a", Optional.of(node(15, 25, Map.of()))));
        assertThat(two.nodes())
                .containsExactly(
                        Map.entry("a", new Usage(NOW.plusSeconds(15), Duration.ofSeconds(15), 1_000_000_000L, 100)));
        Measured silent = two.next(Map.of("a", Optional.empty()));
        assertThat(silent.nodes()).isEmpty();
        Measured back = silent.next(Map.of("a", Optional.of(node(45, 40, Map.of()))));
        assertThat(back.nodes())
                .hasEntrySatisfying("a", usage -> assertThat(usage.nanoCores()).isEqualTo(500_000_000L));
        assertThat(back.next(Map.of()).samples()).isEmpty();
    }

    @Test
    void aPodIsKnownWhenAllItsContainersAre() {
        Map<String, Sample> early = Map.of("main", container(0, 10, -100));
        Measured one = Measured.NOTHING.next(Map.of("a", Optional.of(node(0, 0, early))));
        Map<String, Sample> begun = Map.of("main", container(15, 13, -100), "log", container(15, 1, 12));
        Measured two = one.next(Map.of("a", Optional.of(node(15, 0, begun))));
        assertThat(two.pods()).isEmpty();
        Map<String, Sample> later = Map.of("main", container(30, 16, -100), "log", container(31, 2, 12));
        Measured three = two.next(Map.of("a", Optional.of(node(30, 0, later))));
        assertThat(three.pods()).hasEntrySatisfying(WEB, pod -> {
            assertThat(pod.at()).isEqualTo(NOW.plusSeconds(30));
            assertThat(pod.containers().values().stream().map(Usage::nanoCores))
                    .containsExactly(62_500_000L, 200_000_000L);
        });
    }
}
