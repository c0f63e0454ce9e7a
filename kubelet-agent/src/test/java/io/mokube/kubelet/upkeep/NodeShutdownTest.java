package io.mokube.kubelet.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.NodePolicy.Shutdown;
import io.mokube.kubelet.policy.NodePolicy.Shutdown.Period;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who ends when with the node. */
class NodeShutdownTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static Pod pod(int priority) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p" + priority)
                .endMetadata()
                .withNewSpec()
                .withPriority(priority)
                .withTerminationGracePeriodSeconds(30L)
                .endSpec()
                .build();
    }

    private static String told(Shutdown policy, List<Pod> pods) {
        return NodeShutdown.groups(policy, pods).stream()
                .map(group -> group.period().priority() + ":"
                        + group.pods().stream()
                                .map(pod -> pod.getMetadata().getName())
                                .collect(Collectors.joining("+")))
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "-7, 10",
        "0, 10",
        "10, 10",
        "999, 10",
        "1000, 1000",
        "1001, 1000",
        "99999, 1000",
        "100000, 100000",
        "2000001000, 100000"
    })
    void aPodEndsInThePeriodOfTheNextLowerPriority(int priority, int period) {
        Shutdown policy =
                new Shutdown(List.of(new Period(100_000, MINUTE), new Period(10, MINUTE), new Period(1_000, MINUTE)));
        assertThat(told(policy, List.of(pod(priority)))).isEqualTo(period + ":p" + priority);
    }

    @Test
    void lowPrioritiesEndFirstAndPeriodsWithoutPodsTakeNoTime() {
        Shutdown policy =
                new Shutdown(List.of(new Period(100_000, MINUTE), new Period(10, MINUTE), new Period(1_000, MINUTE)));
        assertThat(told(policy, List.of(pod(200_000), pod(5), pod(20)))).isEqualTo("10:p5+p20 100000:p200000");
        assertThat(told(Shutdown.NONE, List.of())).isEmpty();
    }

    @Test
    void criticalPodsAndStaticOnesEndLast() {
        Pod fromFile = new PodBuilder(pod(0))
                .editMetadata()
                .withName("file")
                .addToAnnotations(PodFacts.CONFIG_SOURCE, "file")
                .endMetadata()
                .build();
        Shutdown policy = Shutdown.of(Duration.ofSeconds(30), Duration.ofSeconds(10));
        assertThat(told(policy, List.of(pod(2_000_000_000), fromFile, pod(1_000_000_000), pod(-1))))
                .isEqualTo("0:p1000000000+p-1 2000000000:p2000000000+file");
        assertThat(policy.periods())
                .extracting(Period::time)
                .containsExactly(Duration.ofSeconds(20), Duration.ofSeconds(10));
    }

    @Test
    void aPodHasItsOwnTimeButNotMoreThanItsGroup() {
        assertThat(NodeShutdown.grace(pod(0), MINUTE)).isEqualTo(Duration.ofSeconds(30));
        assertThat(NodeShutdown.grace(pod(0), Duration.ofSeconds(4))).isEqualTo(Duration.ofSeconds(4));
    }
}
