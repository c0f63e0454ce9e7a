package io.mokube.controllermanager.controllers.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.controllermanager.controllers.podautoscaler.ReplicaCalculator.Proposal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many replicas a metric asks for: the algorithm of Kubernetes' documentation, case by case. */
class ReplicaCalculatorTest {

    private static ReplicaCalculator calculator(int replicas, Measured measured, Tolerance tolerance) {
        return new ReplicaCalculator(replicas, replicas, measured.pods, tolerance, Measured.NOW);
    }

    private static Proposal utilization(int replicas, String pods, int target) throws MetricUnavailableException {
        Measured measured = Measured.of(pods);
        return calculator(replicas, measured, Tolerance.STANDARD).utilization(measured.readings, "cpu", "", target);
    }

    @ParameterizedTest
    @CsvSource({
        // More, less, and within the tolerance.
        "3, 30, ready:1000:300 ready:1000:500 ready:1000:700, 5, 50",
        "5, 50, ready:1000:100 ready:1000:300 ready:1000:500 ready:1000:250 ready:1000:250, 3, 28",
        "3, 100, ready:900:1010 ready:1000:1030 ready:1100:1020, 3, 102",
        "3, 100, ready:1000:1100 ready:1000:1100 ready:1000:1100, 3, 110",
        "3, 100, ready:1000:1110 ready:1000:1110 ready:1000:1110, 4, 111",
        "3, 100, ready:1000:900 ready:1000:900 ready:1000:900, 3, 90",
        // Pods that are not ready count as idle on the way up, and not at all on the way down.
        "3, 30, unready:1000:300 ready:1000:500 ready:1000:700, 4, 60",
        "3, 30, ready:1000:400 unready:1000:500 unready:1000:700, 3, 40",
        "3, 30, fresh:1000:400 ready:1000:500 ready:1000:700, 4, 60",
        "5, 50, ready:1000:100 ready:1000:300 ready:1000:500 unready:1000:250 unready:1000:250, 2, 30",
        "3, 30, ready:1000:500 ready:1000:700 pending:1000:-, 4, 60",
        // One that was ready once is busy, not starting; one that never was is starting.
        "3, 30, broken:1000:500 ready:1000:500 ready:1000:500, 5, 50",
        "3, 30, never:1000:500 ready:1000:500 ready:1000:700, 4, 60",
        // Ended pods and those being deleted are nobody.
        "2, 30, ready:1000:500 ready:1000:700 failed:1000:900, 4, 60",
        "2, 30, ready:1000:500 ready:1000:700 leaving:1000:900, 4, 60",
        // Without a reading: idle on the way up, fully used on the way down, never a change of direction.
        "4, 100, ready:1000:400 ready:1000:95 ready:1000:- ready:1000:-, 3, 24",
        "2, 100, ready:1000:1000 ready:1000:-, 2, 100",
        "2, 100, ready:1000:1900 ready:1000:-, 2, 190",
        "2, 100, ready:1000:600 ready:1000:-, 2, 60",
        "3, 50, unready:1000:100 ready:1000:450 ready:1000:-, 3, 45",
        "3, 50, unready:1000:100 ready:1000:2000 ready:1000:-, 4, 200",
        "4, 50, unready:1000:100 ready:1000:100 ready:1000:100 ready:1000:-, 3, 10",
        // A target above what is requested.
        "4, 200, ready:1000:1000 ready:1000:1000 ready:1000:- ready:1000:-, 3, 100",
    })
    void utilization(int replicas, int target, String pods, int expected, int percent) throws Exception {
        Proposal proposal = utilization(replicas, pods, target);
        assertThat(proposal.replicas()).isEqualTo(expected);
        assertThat(proposal.percent()).isEqualTo(percent);
    }

    @ParameterizedTest
    @CsvSource({
        "3, 30, ready:-:60 ready:-:40 ready:-:20, 4, 40",
        "2, 100, ready:-:105 ready:-:95, 2, 100",
        "5, 200, ready:-:100 ready:-:100 ready:-:100 ready:-:100 ready:-:100, 3, 100",
        "4, 100, ready:-:50 ready:-:50 ready:-:- ready:-:-, 3, 50",
        "2, 100, ready:-:500 ready:-:-, 5, 500",
        // What is no resource doesn't tell of starting.
        "2, 100, unready:-:200 ready:-:200, 4, 200",
    })
    void averageOfPods(int replicas, int target, String pods, int expected, int average) throws Exception {
        Measured measured = Measured.of(pods);
        assertThat(calculator(replicas, measured, Tolerance.STANDARD).average(measured.readings, "", target))
                .isEqualTo(new Proposal(expected, 0, average));
    }

    @ParameterizedTest
    @CsvSource({
        // In proportion to the ready pods.
        "3, 15000, 20000, ready:-:- ready:-:- ready:-:-, 4",
        "3, 15000, 16000, ready:-:- ready:-:- ready:-:-, 3",
        "3, 15000, 30000, ready:-:- ready:-:- unready:-:-, 4",
        "4, 20000, 10000, ready:-:- ready:-:- ready:-:- ready:-:-, 2",
        // From nothing.
        "0, 15000, 20000, ready:-:-, 2",
        "0, 15000, 0, ready:-:-, 0",
    })
    void valueOfAll(int replicas, long target, long value, String pods, int expected) throws Exception {
        assertThat(calculator(replicas, Measured.of(pods), Tolerance.STANDARD).value(value, target))
                .isEqualTo(new Proposal(expected, 0, value));
    }

    @ParameterizedTest
    @CsvSource({"3, 2000, 8600, 5, 2867", "4, 2144, 8600, 4, 2150", "5, 3000, 8600, 3, 1720"})
    void valueSharedOut(int replicas, long target, long value, int expected, long each) {
        assertThat(calculator(replicas, new Measured(), Tolerance.STANDARD).valuePerPod(value, target))
                .isEqualTo(new Proposal(expected, 0, each));
    }

    @ParameterizedTest
    @CsvSource({"0.1, 0.5, 1450, 2", "0.1, 0.4, 1450, 3", "0.1, 0.5, 800, 2", "0.5, 0.1, 550, 2", "0.4, 0.1, 450, 1"})
    void eachDirectionMayHaveItsTolerance(double below, double above, int used, int expected) throws Exception {
        Measured measured = Measured.of("ready:1000:" + used + " ready:1000:" + used);
        assertThat(calculator(2, measured, new Tolerance(below, above))
                        .utilization(measured.readings, "cpu", "", 100)
                        .replicas())
                .isEqualTo(expected);
    }

    @Test
    void saysWhatIsMissing() {
        assertThatThrownBy(() -> utilization(1, "ready:-:100", 50))
                .hasMessage("missing request for cpu in container main of Pod pod-0");
        assertThatThrownBy(() -> utilization(1, "unready:1000:100 pending:1000:-", 50))
                .hasMessage("did not receive metrics for targeted pods (pods might be unready)");
        assertThatThrownBy(
                        () -> calculator(1, new Measured(), Tolerance.STANDARD).average(java.util.Map.of(), "", 5))
                .hasMessage("no pods returned by selector while calculating replica count");
    }

    @Test
    void oneContainerAlone() throws Exception {
        Measured measured = Measured.of("ready:1000:500");
        ReplicaCalculator calculator = calculator(1, measured, Tolerance.STANDARD);
        assertThat(calculator.utilization(measured.readings, "cpu", "main", 25).replicas())
                .isEqualTo(2);
        assertThatThrownBy(() -> calculator.utilization(measured.readings, "cpu", "other", 25))
                .hasMessage("container other not found in Pod pod-0");
    }
}
