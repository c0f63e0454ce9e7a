package io.mokube.controllermanager.controllers.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpecBuilder;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** An hour of load in a moment: a service whose pods share its load, looked at every 15 seconds. */
class LoadCurveTest {

    private static final Instant START = Measured.NOW;
    private static final int STEP = 15;
    private static final MetricSpec HALF_OF_REQUEST = new MetricSpecBuilder()
            .withType("Resource")
            .withNewResource()
            .withName("cpu")
            .withNewTarget()
            .withType("Utilization")
            .withAverageUtilization(50)
            .endTarget()
            .endResource()
            .build();

    /** Pods of 1000m that are ready 30 s after they were asked for. */
    private static final class Service implements MetricsSource {

        private final HorizontalPodAutoscalerSpec spec;
        private final IntUnaryOperator load;
        private final List<Instant> begun = new ArrayList<>();
        private final List<Integer> replicas = new ArrayList<>();
        private History history;
        private Instant now = START;

        /** @param load of the whole service in millicores, by the second */
        Service(HorizontalPodAutoscalerSpec spec, int replicas, IntUnaryOperator load) {
            this.spec = spec;
            this.load = load;
            for (int i = 0; i < replicas; i++) {
                begun.add(START.minus(Duration.ofHours(1)));
            }
            this.history = History.beginning(replicas, START);
        }

        Service run(Duration duration) {
            for (int second = 0; second < duration.toSeconds(); second += STEP) {
                now = START.plusSeconds(second);
                look();
                replicas.add(begun.size());
            }
            return this;
        }

        /** The number after so many seconds. */
        int at(int second) {
            return replicas.get(second / STEP);
        }

        int most() {
            return replicas.stream().mapToInt(Integer::intValue).max().orElseThrow();
        }

        private void look() {
            int current = begun.size();
            Optional<Decision> bounded = Decision.withoutMetrics(spec, current);
            Decision decision = bounded.orElseGet(() -> {
                MetricJudge judge = new MetricJudge(
                        "default",
                        LabelSelector.EVERYTHING,
                        this,
                        new ReplicaCalculator(current, current, pods(), new Pace(spec).tolerance(), now));
                return Decision.of(spec, current, List.of(judge.judge(HALF_OF_REQUEST)), history, now);
            });
            int wanted = current;
            if (decision instanceof Decision.Bounded outside) {
                wanted = outside.replicas();
            } else if (decision instanceof Decision.Measured measured) {
                wanted = measured.steady().replicas();
                history = measured.steady().history();
            }
            if (wanted != current) {
                history = history.change(wanted - current, now, new Pace(spec).longestPeriod());
            }
            while (begun.size() < wanted) {
                begun.add(now);
            }
            while (begun.size() > wanted) {
                begun.removeLast();
            }
        }

        private boolean isReady(Instant since) {
            return !since.plusSeconds(30).isAfter(now);
        }

        private List<Pod> pods() {
            List<Pod> pods = new ArrayList<>();
            for (Instant since : begun) {
                pods.add(new PodBuilder()
                        .withNewMetadata()
                        .withName("pod-" + pods.size())
                        .endMetadata()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("main")
                        .withNewResources()
                        .withRequests(Map.of("cpu", new Quantity("1")))
                        .endResources()
                        .endContainer()
                        .endSpec()
                        .withNewStatus()
                        .withPhase("Running")
                        .withStartTime(since.toString())
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus(isReady(since) ? "True" : "False")
                        .withLastTransitionTime((isReady(since) ? since.plusSeconds(30) : since).toString())
                        .endCondition()
                        .endStatus()
                        .build());
            }
            return pods;
        }

        @Override
        public Map<String, Reading> resource(
                String namespace, LabelSelector selector, String resource, String container) {
            int whole =
                    load.applyAsInt(Math.toIntExact(Duration.between(START, now).toSeconds()));
            long ready = begun.stream().filter(this::isReady).count();
            Map<String, Reading> readings = new HashMap<>();
            for (int i = 0; i < begun.size(); i++) {
                // A pod that begins is busy with that, and has no more than its core.
                long used = isReady(begun.get(i)) ? Math.min(1000, whole / ready) : 900;
                readings.put("pod-" + i, new Reading(used, now, Duration.ofSeconds(15)));
            }
            return readings;
        }

        @Override
        public Map<String, Reading> pods(String namespace, LabelSelector pods, String metric, LabelSelector series) {
            throw new AssertionError();
        }

        @Override
        public long object(String namespace, CrossVersionObjectReference object, String metric, LabelSelector series) {
            throw new AssertionError();
        }

        @Override
        public List<Long> external(String namespace, String metric, LabelSelector series) {
            throw new AssertionError();
        }
    }

    /** A minute of quiet, ten of 4 cores, and quiet again. */
    private static int hump(int second) {
        return second >= 60 && second < 660 ? 4000 : 100;
    }

    @Test
    void goesUpAtOnceAndDownAfterFiveMinutes() {
        Service service = new Service(PaceTest.spec(1, 20, ""), 1, LoadCurveTest::hump).run(Duration.ofMinutes(30));
        assertThat(service.at(45)).isEqualTo(1);
        assertThat(service.at(60)).isEqualTo(2);
        // 8 pods use half of their request each.
        assertThat(service.at(300)).isEqualTo(8);
        assertThat(service.most()).isEqualTo(8);
        assertThat(service.at(645)).isEqualTo(8);
        assertThat(service.at(660 + 270)).isEqualTo(8);
        assertThat(service.at(660 + 330)).isEqualTo(1);
    }

    @Test
    void startingPodsDoNotCallForMore() {
        // They are at 90 % while they start, which would ask for nearly twice as many each time.
        Service service = new Service(PaceTest.spec(2, 50, ""), 2, second -> second < 60 ? 1000 : 2000)
                .run(Duration.ofMinutes(20));
        assertThat(service.most()).isEqualTo(4);
    }

    @Test
    void goesDownByAPolicyAPodAMinute() {
        String behavior = "{'scaleUp':{'policies':[{'type':'Percent','value':100,'periodSeconds':15}]},"
                + "'scaleDown':{'stabilizationWindowSeconds':60,'policies':["
                + "{'type':'Pods','value':1,'periodSeconds':60}]}}";
        Service service =
                new Service(PaceTest.spec(1, 20, behavior), 1, LoadCurveTest::hump).run(Duration.ofMinutes(30));
        assertThat(service.at(645)).isEqualTo(8);
        assertThat(service.at(660 + 30)).isEqualTo(8);
        for (int second = 660; second < 1800 - 60; second += STEP) {
            assertThat(service.at(second) - service.at(second + 45)).isBetween(0, 1);
        }
        assertThat(service.at(660 + 60 + 8 * 60)).isEqualTo(1);
    }

    @Test
    void aShortSpikeDoesNotGetThroughAWindow() {
        String behavior = "{'scaleUp':{'stabilizationWindowSeconds':120,'policies':["
                + "{'type':'Percent','value':100,'periodSeconds':15}]},'scaleDown':{'policies':["
                + "{'type':'Percent','value':100,'periodSeconds':15}]}}";
        Service service = new Service(
                        PaceTest.spec(1, 20, behavior), 2, second -> second >= 300 && second < 390 ? 2000 : 1000)
                .run(Duration.ofMinutes(15));
        assertThat(service.most()).isEqualTo(2);
    }

    @Test
    void aWaveFasterThanTheWindowRestsAtItsCrest() {
        Service service = new Service(PaceTest.spec(1, 20, ""), 8, second -> (second / 120) % 2 == 0 ? 4000 : 1000)
                .run(Duration.ofMinutes(40));
        assertThat(service.replicas).containsOnly(8);
    }
}
