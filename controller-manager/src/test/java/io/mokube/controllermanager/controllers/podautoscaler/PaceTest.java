package io.mokube.controllermanager.controllers.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpec;
import io.mokube.controllermanager.controllers.podautoscaler.Pace.Steady;
import io.mokube.machinery.object.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How fast it may go: the examples of Kubernetes' documentation of scaling behavior. */
class PaceTest {

    private static final Instant NOW = Measured.NOW;

    static HorizontalPodAutoscalerSpec spec(int min, int max, String behavior) {
        String json = "{\"minReplicas\":" + min + ",\"maxReplicas\":" + max
                + (behavior.isEmpty() ? "" : ",\"behavior\":" + behavior.replace('\'', '"')) + "}";
        return Json.MAPPER.readValue(json, HorizontalPodAutoscalerSpec.class);
    }

    private static Steady steady(HorizontalPodAutoscalerSpec spec, int current, int desired) {
        return new Pace(spec).steady(current, desired, History.beginning(current, NOW.minusSeconds(3600)), NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 20, 3, 3, 3, ReadyForNewScale, DesiredWithinRange",
        "1, 20, 1, 9, 4, ReadyForNewScale, ScaleUpLimit",
        "1, 20, 3, 9, 6, ReadyForNewScale, ScaleUpLimit",
        "1, 20, 10, 30, 20, ReadyForNewScale, TooManyReplicas",
        "1, 15, 10, 30, 15, ReadyForNewScale, TooManyReplicas",
        "2, 20, 10, 0, 2, ReadyForNewScale, TooFewReplicas",
        "2, 20, 10, 5, 5, ReadyForNewScale, DesiredWithinRange",
    })
    void withoutABehavior(int min, int max, int current, int desired, int expected, String able, String limit) {
        Steady steady = steady(spec(min, max, ""), current, desired);
        assertThat(steady.replicas()).isEqualTo(expected);
        assertThat(steady.able().reason()).isEqualTo(able);
        assertThat(steady.limit().reason()).isEqualTo(limit);
        assertThat(steady.limited()).isEqualTo(!limit.equals("DesiredWithinRange"));
    }

    @Test
    void downGoesByTheHighestOfFiveMinutes() {
        HorizontalPodAutoscalerSpec spec = spec(1, 20, "");
        History history = new History(
                List.of(
                        new History.Recommendation(15, NOW.minusSeconds(301)),
                        new History.Recommendation(8, NOW.minusSeconds(299)),
                        new History.Recommendation(6, NOW.minusSeconds(15))),
                List.of());
        Steady steady = new Pace(spec).steady(10, 3, history, NOW);
        assertThat(steady.replicas()).isEqualTo(8);
        assertThat(steady.able())
                .isEqualTo(new Pace.Because(
                        "ScaleDownStabilized",
                        "recent recommendations were higher than current one, applying the highest recent"
                                + " recommendation"));
        assertThat(steady.history().recommendations()).hasSize(3).last().isEqualTo(new History.Recommendation(3, NOW));
    }

    private static final String SLOW_DOWN = "{'scaleDown':{'stabilizationWindowSeconds':0,'policies':["
            + "{'type':'Pods','value':4,'periodSeconds':60},{'type':'Percent','value':10,'periodSeconds':60}]}}";

    /** 10 % of 80 is more than 4 pods, of 40 and less it is not. */
    @ParameterizedTest
    @CsvSource({"80, 72", "72, 64", "64, 57", "40, 36", "20, 16", "6, 2"})
    void thePolicyThatAllowsMostIsTaken(int current, int expected) {
        assertThat(steady(spec(1, 100, SLOW_DOWN), current, 1).replicas()).isEqualTo(expected);
        assertThat(steady(spec(1, 100, SLOW_DOWN), current, 1).limit().reason()).isEqualTo("ScaleDownLimit");
    }

    @ParameterizedTest
    @CsvSource({"Min, 80, 76", "Min, 20, 18", "Disabled, 80, 80", "Max, 80, 72"})
    void orTheOneThatIsSelected(String selected, int current, int expected) {
        String behavior = SLOW_DOWN.replace("'policies'", "'selectPolicy':'" + selected + "','policies'");
        assertThat(steady(spec(1, 100, behavior), current, 1).replicas()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"Max, 3, 7", "Max, 10, 20", "Min, 10, 14", "Disabled, 10, 10"})
    void upwards(String selected, int current, int expected) {
        String behavior = "{'scaleUp':{'selectPolicy':'" + selected + "','policies':["
                + "{'type':'Pods','value':4,'periodSeconds':15},{'type':'Percent','value':100,'periodSeconds':15}]}}";
        assertThat(steady(spec(1, 100, behavior), current, 90).replicas()).isEqualTo(expected);
    }

    @Test
    void aPolicyCountsFromWhatWasThereWhenItsPeriodBegan() {
        String behavior = "{'scaleUp':{'policies':[{'type':'Pods','value':4,'periodSeconds':60}]}}";
        Pace pace = new Pace(spec(1, 100, behavior));
        History history = History.beginning(10, NOW.minusSeconds(600))
                .change(3, NOW.minusSeconds(70), Duration.ofSeconds(100))
                .change(3, NOW.minusSeconds(30), Duration.ofSeconds(100));
        assertThat(pace.steady(16, 50, history, NOW).replicas()).isEqualTo(17);
        History full = history.change(1, NOW.minusSeconds(15), Duration.ofSeconds(100));
        assertThat(pace.steady(17, 50, full, NOW).replicas()).isEqualTo(17);
        // What went meanwhile may come back.
        History swung = full.change(-2, NOW.minusSeconds(5), Duration.ofSeconds(100));
        assertThat(pace.steady(15, 50, swung, NOW).replicas()).isEqualTo(17);
        assertThat(pace.longestPeriod()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void upAndDownHaveWindows() {
        String behavior = "{'scaleUp':{'stabilizationWindowSeconds':60,'policies':["
                + "{'type':'Percent','value':900,'periodSeconds':15}]},"
                + "'scaleDown':{'stabilizationWindowSeconds':120,'policies':["
                + "{'type':'Percent','value':100,'periodSeconds':15}]}}";
        Pace pace = new Pace(spec(1, 100, behavior));
        History history = new History(
                List.of(
                        new History.Recommendation(9, NOW.minusSeconds(100)),
                        new History.Recommendation(6, NOW.minusSeconds(50)),
                        new History.Recommendation(7, NOW.minusSeconds(15))),
                List.of());
        // All of the last minute ask for more than 5, the least for 6.
        assertThat(pace.steady(5, 8, history, NOW).replicas()).isEqualTo(6);
        assertThat(pace.steady(5, 8, history, NOW).able().reason()).isEqualTo("ScaleUpStabilized");
        // Some ask for less than there is, some for more: it stays.
        assertThat(pace.steady(8, 5, history, NOW).replicas()).isEqualTo(8);
        // All of two minutes ask for less.
        assertThat(pace.steady(20, 5, history, NOW).replicas()).isEqualTo(9);
        assertThat(pace.steady(20, 5, history, NOW).able().reason()).isEqualTo("ScaleDownStabilized");
    }

    @Test
    void toleranceIsOfTheBehavior() {
        assertThat(new Pace(spec(1, 5, "")).tolerance()).isEqualTo(Tolerance.STANDARD);
        assertThat(new Pace(spec(1, 5, "{'scaleUp':{'tolerance':'50m'},'scaleDown':{'tolerance':'0'}}")).tolerance())
                .isEqualTo(new Tolerance(0, 0.05));
    }
}
