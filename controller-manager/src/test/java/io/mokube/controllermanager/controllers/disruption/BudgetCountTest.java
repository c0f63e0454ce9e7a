package io.mokube.controllermanager.controllers.disruption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatus;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.disruption.ExpectedScale.Scale;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BudgetCountTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    private static PodDisruptionBudget budget(String minAvailable, String maxUnavailable) {
        return new PodDisruptionBudgetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("b")
                .withGeneration(3L)
                .endMetadata()
                .withNewSpec()
                .withMinAvailable(bound(minAvailable))
                .withMaxUnavailable(bound(maxUnavailable))
                .endSpec()
                .build();
    }

    private static @Nullable IntOrString bound(String text) {
        if (text.equals("-")) {
            return null;
        }
        return text.endsWith("%") ? new IntOrString(text) : new IntOrString(Integer.parseInt(text));
    }

    private static List<Pod> pods(int ready, int others) {
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < ready; i++) {
            pods.add(Pods.ready("ready-" + i, NOW));
        }
        for (int i = 0; i < others; i++) {
            pods.add(Pods.notReady(Pods.pending("other-" + i), NOW));
        }
        return pods;
    }

    @ParameterizedTest
    @CsvSource({
        // minAvailable, maxUnavailable, ready, not ready, wanted by controllers -> expected, desired, healthy, allowed
        "2, -, 3, 0, 99, 3, 2, 3, 1",
        "2, -, 2, 1, 99, 3, 2, 2, 0",
        "5, -, 3, 0, 99, 3, 5, 3, 0",
        "0, -, 3, 0, 99, 3, 0, 3, 3",
        "0, -, 0, 0, 99, 0, 0, 0, 0",
        "50%, -, 3, 0, 3, 3, 2, 3, 1",
        "50%, -, 3, 0, 7, 7, 4, 3, 0",
        "0%, -, 2, 0, 2, 2, 0, 2, 2",
        "100%, -, 3, 0, 3, 3, 3, 3, 0",
        "-, 1, 3, 0, 3, 3, 2, 3, 1",
        "-, 1, 3, 0, 5, 5, 4, 3, 0",
        "-, 10, 3, 0, 3, 3, 0, 3, 3",
        "-, 0, 3, 0, 3, 3, 3, 3, 0",
        "-, 30%, 5, 0, 5, 5, 3, 5, 2",
        "-, 100%, 2, 2, 4, 4, 0, 2, 2",
        "-, 1, 3, 0, 0, 0, 0, 3, 0",
        "-, -, 2, 0, 9, 2, 0, 2, 2",
    })
    void countsWhatABudgetAllows(
            String minAvailable,
            String maxUnavailable,
            int ready,
            int others,
            int scale,
            int expected,
            int desired,
            int healthy,
            int allowed) {
        PodDisruptionBudgetStatus status = BudgetCount.of(
                        budget(minAvailable, maxUnavailable), pods(ready, others), scale, NOW)
                .status();
        assertThat(List.of(
                        status.getExpectedPods(),
                        status.getDesiredHealthy(),
                        status.getCurrentHealthy(),
                        status.getDisruptionsAllowed()))
                .containsExactly(expected, desired, healthy, allowed);
        assertThat(status.getObservedGeneration()).isEqualTo(3);
        assertThat(status.getConditions()).singleElement().satisfies(condition -> {
            assertThat(condition.getType()).isEqualTo("DisruptionAllowed");
            assertThat(condition.getStatus()).isEqualTo(allowed > 0 ? "True" : "False");
            assertThat(condition.getReason()).isEqualTo(allowed > 0 ? "SufficientPods" : "InsufficientPods");
            assertThat(condition.getObservedGeneration()).isEqualTo(3);
        });
    }

    @Test
    void podsThatGoDoNotCount() {
        List<Pod> pods = new ArrayList<>(pods(3, 0));
        pods.set(0, Pods.deleting(pods.getFirst(), NOW));
        assertThat(BudgetCount.of(budget("1", "-"), pods, 0, NOW).status().getDisruptionsAllowed())
                .isEqualTo(1);
    }

    @Test
    void allowedEvictionsCountForTwoMinutes() {
        PodDisruptionBudget budget = new PodDisruptionBudgetBuilder(budget("1", "-"))
                .withNewStatus()
                .withDisruptedPods(Map.of(
                        "ready-0", "2026-01-01T11:59:00Z",
                        "ready-1", "2026-01-01T11:58:00Z",
                        "ready-2", "2026-01-01T11:57:59Z",
                        "gone", "2026-01-01T11:59:59Z"))
                .endStatus()
                .build();
        BudgetCount count = BudgetCount.of(budget, pods(4, 0), 0, NOW);
        assertThat(count.status().getDisruptedPods()).containsOnlyKeys("ready-0", "ready-1");
        assertThat(count.status().getCurrentHealthy()).isEqualTo(2);
        assertThat(count.neverDeleted())
                .singleElement()
                .satisfies(pod -> assertThat(pod.getMetadata().getName()).isEqualTo("ready-2"));
        assertThat(count.recheck()).contains(NOW);
    }

    @Test
    void aConditionKeepsItsTimeWhileItHolds() {
        PodDisruptionBudget budget = budget("1", "-");
        budget.setStatus(BudgetCount.of(budget, pods(2, 0), 0, NOW).status());
        Instant later = NOW.plusSeconds(60);
        Condition same = BudgetCount.of(budget, pods(3, 0), 0, later)
                .status()
                .getConditions()
                .getFirst();
        assertThat(same.getLastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
        Condition other = BudgetCount.of(budget, pods(1, 0), 0, later)
                .status()
                .getConditions()
                .getFirst();
        assertThat(other.getLastTransitionTime()).isEqualTo("2026-01-01T12:01:00Z");
    }

    @Test
    void aCountThatFailsAllowsNothing() {
        PodDisruptionBudget budget = budget("-", "1");
        budget.setStatus(BudgetCount.of(budget, pods(2, 0), 2, NOW).status());
        PodDisruptionBudgetStatus failed = BudgetCount.failed(budget, "found no controllers for pod \"p\"", NOW);
        assertThat(failed.getDisruptionsAllowed()).isZero();
        assertThat(failed.getCurrentHealthy()).isEqualTo(2);
        assertThat(failed.getConditions()).singleElement().satisfies(condition -> {
            assertThat(condition.getStatus()).isEqualTo("False");
            assertThat(condition.getReason()).isEqualTo("SyncFailed");
            assertThat(condition.getMessage()).isEqualTo("found no controllers for pod \"p\"");
        });
    }

    @Test
    void eachControllerIsCountedOnce() {
        ExpectedScale.Finder finder = (namespace, controller) -> switch (controller.getUid()) {
            case "old", "new" -> Optional.of(new Scale("deployment", 5));
            case "set" -> Optional.of(new Scale("set", 3));
            default -> Optional.empty();
        };
        ExpectedScale scale = ExpectedScale.of(
                List.of(owned("a", "old"), owned("b", "old"), owned("c", "new"), owned("d", "set"), Pods.pending("e")),
                finder);
        assertThat(scale.pods()).isEqualTo(8);
        assertThat(scale.unmanaged()).containsExactly("e");
        assertThatThrownBy(() -> ExpectedScale.of(List.of(owned("f", "gone")), finder))
                .hasMessage("found no controllers for pod \"f\"");
    }

    private static Pod owned(String name, String uid) {
        OwnerReference owner = new OwnerReferenceBuilder()
                .withUid(uid)
                .withName(uid)
                .withController(true)
                .build();
        return new PodBuilder(Pods.pending(name))
                .editMetadata()
                .withOwnerReferences(owner)
                .endMetadata()
                .build();
    }

    @Test
    void aDisruptionThatNeverCameIsStaleAfterTwoMinutes() {
        Pod pod = targeted("EvictionByEvictionAPI");
        assertThat(StaleDisruption.staleAt(pod)).contains(NOW.plus(Duration.ofMinutes(2)));
        assertThat(StaleDisruption.staleAt(Pods.deleting(pod, NOW))).isEmpty();
        assertThat(StaleDisruption.staleAt(Pods.finished(pod, "Failed"))).isEmpty();
        assertThat(StaleDisruption.staleAt(targeted("TerminationByKubelet"))).isEmpty();
        assertThat(StaleDisruption.staleAt(Pods.ready("p", NOW))).isEmpty();
    }

    private static Pod targeted(String reason) {
        return new PodBuilder(Pods.ready("p", NOW))
                .editStatus()
                .addToConditions(new PodConditionBuilder()
                        .withType("DisruptionTarget")
                        .withStatus("True")
                        .withReason(reason)
                        .withLastTransitionTime(NOW.toString())
                        .build())
                .endStatus()
                .build();
    }
}
