package io.mokube.controllermanager.controllers.deployment;

import static io.mokube.controllermanager.controllers.deployment.Deployments.deployment;
import static io.mokube.controllermanager.controllers.deployment.Deployments.paused;
import static io.mokube.controllermanager.controllers.deployment.Deployments.recreate;
import static io.mokube.controllermanager.controllers.deployment.Deployments.replicaSet;
import static io.mokube.controllermanager.controllers.deployment.Deployments.withImage;
import static io.mokube.controllermanager.controllers.deployment.Deployments.withReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.deployment.RolloutPlan.Step;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RolloutTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    @ParameterizedTest(name = "{0} replicas, surge {1}, unavailable {2}: at most {3}, at least {4}")
    @CsvSource({
        "10, 25%, 25%, 13, 8",
        "3, 25%, 25%, 4, 3",
        "1, 25%, 25%, 2, 1",
        "1, 0, 0, 1, 0",
        "10, 0%, 0%, 10, 9",
        "4, 0, 100%, 4, 0",
        "2, 1, 5, 3, 0",
        "0, 25%, 25%, 0, 0",
        "100, 1%, 1%, 101, 99",
    })
    void limitsAreResolvedAsInKubernetes(
            int replicas, String surge, String unavailable, int most, int fewestAvailable) {
        Limits limits = Limits.of(deployment(replicas, number(surge), number(unavailable)));
        assertThat(limits.most()).isEqualTo(most);
        assertThat(limits.fewestAvailable()).isEqualTo(fewestAvailable);
    }

    @Test
    void theFirstTemplateGetsItsReplicaSetAtFullSize() {
        Deployment deployment = new DeploymentBuilder(deployment(3, "25%", "25%"))
                .editMetadata()
                .addToAnnotations("kubernetes.io/change-cause", "first")
                .addToAnnotations("kubectl.kubernetes.io/last-applied-configuration", "{}")
                .endMetadata()
                .build();

        RolloutPlan plan = Rollout.plan(deployment, List.of(), List.of(), NOW);

        Step.Create create = (Step.Create) plan.steps().getFirst();
        ReplicaSet created = create.replicaSet();
        String hash = Ownership.labels(created).get(PodTemplates.HASH_LABEL);
        assertThat(plan.steps()).hasSize(1);
        assertThat(hash).matches("[bcdfghjklmnpqrstvwxz2456789]{1,10}");
        assertThat(created.getMetadata().getName()).isEqualTo("web-" + hash);
        assertThat(created.getSpec().getReplicas()).isEqualTo(3);
        assertThat(created.getSpec().getSelector().getMatchLabels())
                .containsEntry("app", "web")
                .containsEntry("pod-template-hash", hash);
        assertThat(created.getSpec().getTemplate().getMetadata().getLabels())
                .containsEntry("app", "web")
                .containsEntry("pod-template-hash", hash);
        assertThat(Ownership.isControlledBy(created, deployment)).isTrue();
        assertThat(Ownership.annotations(created))
                .containsOnly(
                        java.util.Map.entry("kubernetes.io/change-cause", "first"),
                        java.util.Map.entry("deployment.kubernetes.io/revision", "1"),
                        java.util.Map.entry("deployment.kubernetes.io/desired-replicas", "3"),
                        java.util.Map.entry("deployment.kubernetes.io/max-replicas", "4"));
        assertThat(plan.revision()).contains("1");
        assertThat(condition(plan.status(), "Progressing"))
                .extracting(
                        DeploymentCondition::getStatus, DeploymentCondition::getReason, DeploymentCondition::getMessage)
                .containsExactly("True", "NewReplicaSetCreated", "Created new replica set \"web-" + hash + "\"");
        assertThat(condition(plan.status(), "Available").getReason()).isEqualTo("MinimumReplicasUnavailable");
        assertThat(plan.again()).contains(Duration.ofSeconds(601));
    }

    @Test
    void aNewTemplateUsesTheSurgeAndFreesWhatMayBeUnavailable() {
        Deployment deployment = withImage(deployment(10, "25%", "25%"), "web:2");
        RolloutPlan plan = plan(deployment, replicaSet(deployment, "web:1", 1, 10, 10, 10));
        assertThat(sizes(plan)).containsExactly("create 3", "web-web-1 10->8");
        assertThat(plan.revision()).contains("2");
    }

    @ParameterizedTest(name = "old {0}/{1}, new {2}/{3}: {4}")
    @CsvSource({
        // replicas 10, at most 13, at least 8 available; wanted/available of the old and the new ReplicaSet
        "10, 10, 0, 0, web-web-2 0->3",
        "8, 8, 3, 0, web-web-2 3->5",
        "8, 8, 5, 0, ''",
        "8, 8, 5, 2, web-web-1 8->6",
        "8, 5, 5, 5, web-web-1 8->3",
        "0, 0, 10, 10, ''",
        "0, 0, 8, 8, web-web-2 8->10",
        "10, 0, 3, 0, web-web-1 10->8",
        "3, 3, 10, 8, web-web-1 3->0",
    })
    void rollsStepByStep(int oldWanted, int oldAvailable, int newWanted, int newAvailable, String expected) {
        Deployment deployment = withImage(deployment(10, "25%", "25%"), "web:2");
        RolloutPlan plan = plan(
                deployment,
                replicaSet(deployment, "web:1", 1, oldWanted, oldWanted, oldAvailable),
                replicaSet(deployment, "web:2", 2, newWanted, newWanted, newAvailable));
        assertThat(String.join(", ", sizes(plan))).isEqualTo(expected);
    }

    @Test
    void asksForNoMoreWhileScaledDownPodsAreStillThere() {
        Deployment deployment = withImage(deployment(10, "25%", "25%"), "web:2");
        RolloutPlan plan = plan(
                deployment, replicaSet(deployment, "web:1", 1, 8, 10, 10), replicaSet(deployment, "web:2", 2, 3, 3, 0));
        assertThat(sizes(plan)).isEmpty();
    }

    @Test
    void asksForNoMoreWhileAReplicaSetHasNotFollowedItsLastChange() {
        Deployment deployment = withImage(deployment(10, "25%", "25%"), "web:2");
        ReplicaSet behind = new ReplicaSetBuilder(replicaSet(deployment, "web:1", 1, 8, 8, 8))
                .editMetadata()
                .withGeneration(2L)
                .endMetadata()
                .build();
        assertThat(sizes(plan(deployment, behind, replicaSet(deployment, "web:2", 2, 3, 3, 0))))
                .isEmpty();
    }

    @Test
    void goingBackGivesTheOldReplicaSetTheNextRevision() {
        Deployment deployment = deployment(3, 1, 0);
        RolloutPlan plan = plan(
                deployment, replicaSet(deployment, "web:1", 1, 0, 0, 0), replicaSet(deployment, "web:2", 2, 3, 3, 3));
        assertThat(sizes(plan)).containsExactly("web-web-1 0->1");
        ReplicaSet back = updated(plan, "web-web-1");
        assertThat(Ownership.annotations(back))
                .containsEntry(Revisions.REVISION, "3")
                .containsEntry(Revisions.HISTORY, "1");
        assertThat(plan.revision()).contains("3");
    }

    @Test
    void aLongHistoryLosesItsOldestEntries() {
        Deployment deployment = deployment(1, 1, 0);
        StringBuilder history = new StringBuilder("1000");
        while (history.length() < 1999) {
            history.append(",1001");
        }
        ReplicaSet old = new ReplicaSetBuilder(replicaSet(deployment, "web:1", 1002, 1, 1, 1))
                .editMetadata()
                .addToAnnotations(Revisions.HISTORY, history.toString())
                .endMetadata()
                .build();
        ReplicaSet other = replicaSet(deployment, "web:2", 1003, 0, 0, 0);
        String longer = Ownership.annotations(updated(plan(deployment, old, other), "web-web-1"))
                .get(Revisions.HISTORY);
        assertThat(longer).startsWith("1001,").endsWith(",1002").hasSizeLessThanOrEqualTo(2000);
    }

    @Test
    void aPausedDeploymentStillResizesButStartsNothingNew() {
        Deployment deployment = withReplicas(paused(withImage(deployment(3, "25%", "25%"), "web:2"), true), 5);
        ReplicaSet old = replicaSet(deployment(3, "25%", "25%"), "web:1", 1, 3, 3, 3);
        RolloutPlan plan = plan(deployment, old);
        assertThat(sizes(plan)).containsExactly("web-web-1 3->5");
        assertThat(condition(plan.status(), "Progressing"))
                .extracting(
                        DeploymentCondition::getStatus, DeploymentCondition::getReason, DeploymentCondition::getMessage)
                .containsExactly("Unknown", "DeploymentPaused", "Deployment is paused");
        assertThat(plan.again()).isEmpty();
    }

    @Test
    void aResumedDeploymentSaysSoAndGoesOn() {
        Deployment paused = paused(withImage(deployment(3, "25%", "25%"), "web:2"), true);
        ReplicaSet old = replicaSet(paused, "web:1", 1, 3, 3, 3);
        Deployment resumed = paused(withStatus(paused, plan(paused, old).status()), false);
        RolloutPlan plan = plan(resumed, old);
        assertThat(sizes(plan)).containsExactly("create 1");
        assertThat(condition(plan.status(), "Progressing").getReason()).isEqualTo("NewReplicaSetCreated");
    }

    @Test
    void aResizeInTheMiddleIsSharedInProportion() {
        // The example of the Kubernetes manual: 10 to 15 replicas while 8 old and 5 new ones run.
        Deployment before = withImage(deployment(10, 3, 2), "web:2");
        Deployment deployment = withReplicas(before, 15);
        RolloutPlan plan =
                plan(deployment, replicaSet(before, "web:1", 1, 8, 8, 8), replicaSet(before, "web:2", 2, 5, 5, 0));
        assertThat(sizes(plan)).containsExactly("web-web-2 5->7", "web-web-1 8->11");
    }

    @ParameterizedTest(name = "{0} -> {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "10 | 5 | web-web-2 5->3, web-web-1 8->5",
                "10 | 0 | web-web-2 5->0, web-web-1 8->0",
                "10 | 20 | web-web-2 5->9, web-web-1 8->14",
            })
    void anyResizeAddsUp(int from, int to, String expected) {
        Deployment before = withImage(deployment(from, 3, 2), "web:2");
        RolloutPlan plan = plan(
                withReplicas(before, to),
                replicaSet(before, "web:1", 1, 8, 8, 8),
                replicaSet(before, "web:2", 2, 5, 5, 0));
        assertThat(String.join(", ", sizes(plan))).isEqualTo(expected);
    }

    @Test
    void recreateWaitsForTheLastOldPod() {
        Deployment deployment = withImage(recreate(2), "web:2");
        assertThat(sizes(plan(deployment, replicaSet(deployment, "web:1", 1, 2, 2, 2))))
                .containsExactly("web-web-1 2->0");

        ReplicaSet empty = replicaSet(deployment, "web:1", 1, 0, 0, 0);
        Pod leaving = new PodBuilder(Pods.deleting(Pods.ready("p", NOW), NOW))
                .editMetadata()
                .withOwnerReferences(Ownership.controllerReference(empty))
                .endMetadata()
                .build();
        assertThat(sizes(Rollout.plan(deployment, List.of(empty), List.of(leaving), NOW)))
                .isEmpty();
        assertThat(sizes(Rollout.plan(deployment, List.of(empty), List.of(Pods.finished(leaving, "Succeeded")), NOW)))
                .containsExactly("create 2");
    }

    @Test
    void keepsAsMuchHistoryAsWanted() {
        Deployment deployment = new DeploymentBuilder(withImage(deployment(1, 1, 0), "web:9"))
                .editSpec()
                .withRevisionHistoryLimit(1)
                .endSpec()
                .build();
        ReplicaSet[] replicaSets = {
            replicaSet(deployment, "web:1", 1, 0, 0, 0),
            replicaSet(deployment, "web:2", 2, 0, 1, 0),
            replicaSet(deployment, "web:3", 3, 0, 0, 0),
            replicaSet(deployment, "web:9", 4, 1, 1, 1)
        };
        DeploymentStatus complete = plan(deployment, replicaSets[3]).status();
        RolloutPlan plan = plan(withStatus(deployment, complete), replicaSets);
        // One revision is left to remove, but its pods are not gone yet; the newest of the old ones stays.
        assertThat(plan.steps())
                .filteredOn(Step.Delete.class::isInstance)
                .extracting(
                        step -> ((Step.Delete) step).replicaSet().getMetadata().getName())
                .containsExactly("web-web-1");
    }

    @Test
    void theWholeStoryOfProgress() {
        Deployment deployment = deployment(2, 1, 0);
        Deployment started = withStatus(deployment, plan(deployment).status());
        Deployment advanced = withStatus(
                started,
                plan(started, replicaSet(deployment, "web:1", 1, 2, 2, 0)).status());
        assertThat(condition(advanced.getStatus(), "Progressing").getReason()).isEqualTo("ReplicaSetUpdated");
        assertThat(condition(advanced.getStatus(), "Progressing").getMessage())
                .isEqualTo("ReplicaSet \"web-web-1\" is progressing.");

        Instant late = NOW.plusSeconds(601);
        DeploymentStatus timedOut = Rollout.plan(
                        advanced, List.of(replicaSet(deployment, "web:1", 1, 2, 2, 0)), List.of(), late)
                .status();
        assertThat(condition(timedOut, "Progressing"))
                .extracting(
                        DeploymentCondition::getStatus, DeploymentCondition::getReason, DeploymentCondition::getMessage)
                .containsExactly(
                        "False", "ProgressDeadlineExceeded", "ReplicaSet \"web-web-1\" has timed out progressing.");

        RolloutPlan done = Rollout.plan(
                withStatus(deployment, timedOut),
                List.of(replicaSet(deployment, "web:1", 1, 2, 2, 2)),
                List.of(),
                late);
        assertThat(condition(done.status(), "Progressing").getReason()).isEqualTo("NewReplicaSetAvailable");
        assertThat(condition(done.status(), "Progressing").getMessage())
                .isEqualTo("ReplicaSet \"web-web-1\" has successfully progressed.");
        assertThat(condition(done.status(), "Available").getMessage())
                .isEqualTo("Deployment has minimum availability.");
        assertThat(done.status().getUnavailableReplicas()).isNull();
        assertThat(done.status().getUpdatedReplicas()).isEqualTo(2);
        assertThat(done.again()).isEmpty();
    }

    @Test
    void aFailureOfTheReplicaSetIsShown() {
        Deployment deployment = deployment(1, 1, 0);
        ReplicaSet failing = new ReplicaSetBuilder(replicaSet(deployment, "web:1", 1, 1, 0, 0))
                .editStatus()
                .addNewCondition()
                .withType("ReplicaFailure")
                .withStatus("True")
                .withReason("FailedCreate")
                .withMessage("quota")
                .withLastTransitionTime("2026-01-01T11:00:00Z")
                .endCondition()
                .endStatus()
                .build();
        assertThat(condition(plan(deployment, failing).status(), "ReplicaFailure")
                        .getMessage())
                .isEqualTo("quota");
    }

    @Test
    void aSettledDeploymentPlansNothing() {
        Deployment deployment = deployment(2, 1, 0);
        ReplicaSet replicaSet = replicaSet(deployment, "web:1", 1, 2, 2, 2);
        DeploymentStatus status = plan(deployment, replicaSet).status();
        RolloutPlan plan =
                Rollout.plan(withStatus(deployment, status), List.of(replicaSet), List.of(), NOW.plusSeconds(3600));
        assertThat(plan.steps()).isEmpty();
        assertThat(plan.status()).isEqualTo(status);
    }

    @Test
    void theHashLabelIsNoPartOfATemplate() {
        Deployment deployment = deployment(1, 1, 0);
        ReplicaSet created = ((Step.Create) plan(deployment).steps().getFirst()).replicaSet();
        assertThat(PodTemplates.same(
                        created.getSpec().getTemplate(), deployment.getSpec().getTemplate()))
                .isTrue();
        assertThat(PodTemplates.same(
                        withImage(deployment, "web:2").getSpec().getTemplate(),
                        deployment.getSpec().getTemplate()))
                .isFalse();
    }

    @Test
    void aCollisionGivesAnotherName() {
        var template = deployment(1, 1, 0).getSpec().getTemplate();
        assertThat(PodTemplates.hash(template, 0))
                .isEqualTo(PodTemplates.hash(template, 0))
                .isNotEqualTo(PodTemplates.hash(template, 1));
    }

    private static RolloutPlan plan(Deployment deployment, ReplicaSet... replicaSets) {
        return Rollout.plan(deployment, List.of(replicaSets), List.of(), NOW);
    }

    private static Deployment withStatus(Deployment deployment, DeploymentStatus status) {
        return new DeploymentBuilder(deployment).withStatus(status).build();
    }

    private static DeploymentCondition condition(DeploymentStatus status, String type) {
        return status.getConditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst()
                .orElseThrow();
    }

    /** The changes of size, in order. */
    private static List<String> sizes(RolloutPlan plan) {
        List<String> sizes = new ArrayList<>();
        for (Step step : plan.steps()) {
            switch (step) {
                case Step.Create(ReplicaSet created) ->
                    sizes.add("create " + created.getSpec().getReplicas());
                case Step.Update update -> {
                    if (update.from() != update.to()) {
                        sizes.add(
                                update.replicaSet().getMetadata().getName() + " " + update.from() + "->" + update.to());
                    }
                }
                case Step.Delete deleted -> {}
            }
        }
        return sizes;
    }

    private static ReplicaSet updated(RolloutPlan plan, String name) {
        return plan.steps().stream()
                .filter(Step.Update.class::isInstance)
                .map(step -> ((Step.Update) step).replicaSet())
                .filter(replicaSet -> replicaSet.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Object number(String text) {
        return text.endsWith("%") ? text : Integer.valueOf(text);
    }
}
