package io.mokube.controllermanager.controllers.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.mokube.controllermanager.controllers.podautoscaler.MetricJudge.Judgement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of the metrics decides. */
class DecisionTest {

    private static final Judgement FAILED = new Judgement.Failed(
            "FailedGetResourceMetric", "failed to get cpu utilization: x", "failed to get cpu: x", new MetricStatus());

    private static Judgement found(String name, int replicas) {
        return new Judgement.Found(replicas, name, new MetricStatus());
    }

    private static Decision decide(int current, Judgement... judgements) {
        return Decision.of(
                PaceTest.spec(1, 20, ""),
                current,
                List.of(judgements),
                History.beginning(current, Measured.NOW.minusSeconds(3600)),
                Measured.NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "0, Disabled[]",
        "30, 'Bounded[replicas=20, reason=Current number of replicas above Spec.MaxReplicas]'",
        "1, 'Bounded[replicas=2, reason=Current number of replicas below Spec.MinReplicas]'",
    })
    void boundsComeFirst(int current, String expected) {
        assertThat(Decision.withoutMetrics(PaceTest.spec(2, 20, ""), current))
                .map(Object::toString)
                .contains(expected);
        assertThat(Decision.withoutMetrics(PaceTest.spec(2, 20, ""), 2)).isEmpty();
    }

    @Test
    void theHighestProposalWins() {
        assertThat(decide(5, found("a", 3), found("b", 7), found("c", 6)))
                .isInstanceOfSatisfying(Decision.Measured.class, measured -> {
                    assertThat(measured.steady().replicas()).isEqualTo(7);
                    assertThat(measured.metric()).isEqualTo("b");
                    assertThat(measured.reason()).isEqualTo("b above target");
                });
        assertThat(decide(5, found("a", 3), found("b", 4)))
                .isInstanceOfSatisfying(Decision.Measured.class, measured -> {
                    assertThat(measured.steady().replicas()).isEqualTo(4);
                    assertThat(measured.reason()).isEqualTo("All metrics below target");
                });
    }

    @Test
    void anUnknownMetricForbidsTheWayDownOnly() {
        assertThat(decide(5, FAILED, found("b", 7)))
                .isInstanceOfSatisfying(
                        Decision.Measured.class,
                        measured -> assertThat(measured.steady().replicas()).isEqualTo(7));
        assertThat(decide(5, found("b", 4), FAILED))
                .isEqualTo(new Decision.Unknown(
                        new Pace.Because(
                                "FailedGetResourceMetric",
                                "the HPA was unable to compute the replica count: failed to get cpu utilization: x"),
                        "invalid metrics (1 invalid out of 2), first error is: failed to get cpu: x"));
        assertThat(decide(5, FAILED)).isInstanceOf(Decision.Unknown.class);
    }
}
