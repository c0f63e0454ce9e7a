package io.mokube.controllermanager.controllers.nodelifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Days of node failures, in seconds. {@code -Dmokube.days=100} lives through more of them. */
class NodeDayTest {

    private static final Map<String, Integer> ZONES = new TreeMap<>(Map.of("a", 60, "b", 52, "c", 12, "d", 3));

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Integer.getInteger("mokube.days", 1));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void evictsAtTheDocumentedRatesAndNeverANodeThatCameBack(long seed) {
        NodeDay day = new NodeDay(seed, ZONES, NodeLifecycleConfig.STANDARD);
        day.live(24);
        assertThat(day.counts())
                .as("what a day must have in it to be worth its name")
                .containsKeys(
                        "silences",
                        "outages of zones",
                        "outages of everything",
                        "restarts",
                        "nodes gone",
                        "taints",
                        "taints at the reduced rate",
                        "evictions",
                        "zones PARTLY_GONE",
                        "zones GONE");
    }

    @Test
    void theSameSeedGivesTheSameDay() {
        List<String> first = new NodeDay(3, ZONES, NodeLifecycleConfig.STANDARD).live(3);
        assertThat(new NodeDay(3, ZONES, NodeLifecycleConfig.STANDARD).live(3)).isEqualTo(first);
        assertThat(new NodeDay(4, ZONES, NodeLifecycleConfig.STANDARD).live(3)).isNotEqualTo(first);
    }

    /** That the day would notice: each of these controllers is wrong in one number. */
    @ParameterizedTest(name = "grace {0} s, {1} and {2} nodes a second, large from {4} nodes on")
    @CsvSource({
        "20, 0.1, 0.01, 0.55, 50",
        "150, 0.1, 0.01, 0.55, 50",
        "50, 0.2, 0.01, 0.55, 50",
        "50, 0.05, 0.01, 0.55, 50",
        "50, 0.1, 0.02, 0.55, 50",
        "50, 0.1, 0.01, 0.8, 50",
        "50, 0.1, 0.01, 0.55, 10",
        "50, 0.1, 0.01, 0.55, 100",
    })
    void aWrongNumberIsNoticed(int grace, double rate, double reduced, double share, int large) {
        NodeLifecycleConfig wrong = new NodeLifecycleConfig(
                Duration.ofSeconds(grace), Duration.ofSeconds(60), Duration.ofSeconds(5), rate, reduced, share, large);
        assertThatThrownBy(() -> new NodeDay(1, ZONES, wrong).live(24)).isInstanceOf(AssertionError.class);
    }
}
