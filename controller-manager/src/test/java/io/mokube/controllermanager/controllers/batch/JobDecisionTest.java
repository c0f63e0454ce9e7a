package io.mokube.controllermanager.controllers.batch;

import static io.mokube.controllermanager.controllers.batch.Jobs.NOW;
import static io.mokube.controllermanager.controllers.batch.Jobs.annotated;
import static io.mokube.controllermanager.controllers.batch.Jobs.failed;
import static io.mokube.controllermanager.controllers.batch.Jobs.indexed;
import static io.mokube.controllermanager.controllers.batch.Jobs.job;
import static io.mokube.controllermanager.controllers.batch.Jobs.pod;
import static io.mokube.controllermanager.controllers.batch.Jobs.succeeded;
import static io.mokube.controllermanager.controllers.batch.Jobs.untracked;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Draft;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The decisions by Kubernetes' documentation of Jobs. */
class JobDecisionTest {

    private static final Instant LATER = NOW.plusSeconds(3600);

    private static JobPlan plan(Job job, Pod... pods) {
        return JobDecision.plan(job, List.of(pods), Backoff.NONE, LATER);
    }

    /** The status after all finalizers were taken off that were to be. */
    private static JobStatus settled(Job job, Pod... pods) {
        JobPlan plan = plan(job, pods);
        Set<String> tracked = new HashSet<>(JobTally.of(job, List.of(pods)).tracked());
        plan.untrack().forEach(pod -> tracked.remove(JobPod.uid(pod)));
        return JobDecision.settled(job, plan, plan.status(), tracked, LATER);
    }

    private static List<String> names(List<Pod> pods) {
        return pods.stream().map(pod -> pod.getMetadata().getName()).toList();
    }

    private static List<String> conditions(JobStatus status) {
        return status.getConditions().stream()
                .map(condition -> condition.getType() + "=" + condition.getStatus() + " " + condition.getReason())
                .toList();
    }

    // -- how many pods ---------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        // parallelism, completions, active, succeeded so far, to create, to delete
        "1, 1, 0, 0, 1, 0",
        "3, 10, 0, 0, 3, 0",
        "3, 10, 3, 0, 0, 0",
        "3, 10, 1, 5, 2, 0",
        "3, 10, 1, 8, 1, 0",
        "3, 10, 2, 8, 0, 0",
        "3, 10, 3, 8, 0, 1",
        "5, 2, 0, 0, 2, 0",
        "0, 5, 0, 0, 0, 0",
        "1, 5, 3, 0, 0, 2",
        "600, 1000, 0, 0, 500, 0",
    })
    void asManyPodsAsParallelismAndOpenCompletionsAllow(
            int parallelism, int completions, int active, int succeeded, int create, int delete) {
        Job job = job(parallelism, completions)
                .withNewStatus()
                .withSucceeded(succeeded)
                .endStatus()
                .build();
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < active; i++) {
            pods.add(pod("p" + i, job));
        }
        JobPlan plan = plan(job, pods.toArray(new Pod[0]));
        assertThat(plan.create()).hasSize(create);
        assertThat(plan.delete()).hasSize(delete);
        assertThat(plan.untrack()).as("what is given up no longer counts").containsAll(plan.delete());
    }

    @Test
    void aWorkQueueStopsToGrowWithTheFirstSuccessAndEndsWithTheLastPod() {
        Job job = job(3, 1).editSpec().withCompletions(null).endSpec().build();
        Pod running = Pods.ready(pod("b", job), NOW);
        assertThat(plan(job, running).create()).hasSize(2);
        assertThat(plan(job, succeeded(pod("a", job)), running).create()).isEmpty();
        assertThat(plan(job, succeeded(pod("a", job)), running).delete()).isEmpty();
        assertThat(conditions(settled(job, succeeded(pod("a", job)), running))).isEmpty();
        assertThat(conditions(settled(job, succeeded(pod("a", job)), failed(pod("b", job)))))
                .containsExactly("SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached");
    }

    @Test
    void aPodThatWasGivenUpGoesFirst() {
        Job job = job(2, 5).build();
        Pod givenUp = untracked(Pods.ready(pod("a", job), NOW));
        assertThat(names(plan(job, givenUp, pod("b", job)).delete())).containsExactly("a");
    }

    @Test
    void terminatingPodsAreReplacedAtOnceUnlessThePolicyWaits() {
        Job job = job(1, 5).build();
        Pod leaving = Pods.deleting(pod("a", job), NOW);
        assertThat(plan(job, leaving).create()).hasSize(1);
        assertThat(plan(job, leaving).status().getUncountedTerminatedPods().getFailed())
                .containsExactly("uid-a");
        assertThat(plan(job, untracked(leaving)).create()).hasSize(1);

        Job waiting = new JobBuilder(job)
                .editSpec()
                .withPodReplacementPolicy("Failed")
                .endSpec()
                .build();
        assertThat(plan(waiting, leaving).create()).isEmpty();
        assertThat(plan(waiting, leaving).untrack()).isEmpty();
        assertThat(plan(waiting, leaving).status().getTerminating()).isEqualTo(1);
    }

    // -- counting ---------------------------------------------------------------------------------------------------

    @Test
    void aPodIsWrittenDownThenLosesTheFinalizerThenIsCounted() {
        Job job = job(2, 5).build();
        Pod done = succeeded(pod("a", job));
        Pod broken = failed(pod("b", job));
        JobPlan first = plan(job, done, broken);
        assertThat(first.status().getSucceeded()).isNull();
        assertThat(first.status().getUncountedTerminatedPods().getSucceeded()).containsExactly("uid-a");
        assertThat(first.status().getUncountedTerminatedPods().getFailed()).containsExactly("uid-b");
        assertThat(names(first.untrack())).containsExactly("a", "b");

        // Killed before any finalizer was taken off: nothing is written down twice.
        Job again = new JobBuilder(job).withStatus(first.status()).build();
        assertThat(plan(again, done, broken).status()).isEqualTo(first.status());
        assertThat(names(plan(again, done, broken).untrack())).containsExactly("a", "b");
        // Killed after the first.
        JobStatus half = plan(again, untracked(done), broken).status();
        assertThat(half.getSucceeded()).isEqualTo(1);
        assertThat(half.getUncountedTerminatedPods().getFailed()).containsExactly("uid-b");
        // Killed after both, and one is gone for good.
        JobStatus whole = plan(again, untracked(broken)).status();
        assertThat(whole.getSucceeded()).isEqualTo(1);
        assertThat(whole.getFailed()).isEqualTo(1);
        assertThat(whole.getUncountedTerminatedPods().getSucceeded()).isEmpty();
        // And never again.
        Job counted = new JobBuilder(job).withStatus(whole).build();
        assertThat(plan(counted, untracked(done), untracked(broken)).status().getSucceeded())
                .isEqualTo(1);
    }

    @Test
    void aPodWrittenDownAsFailedStaysSoThoughItSucceeds() {
        Job job = job(1, 5)
                .withNewStatus()
                .withNewUncountedTerminatedPods()
                .withFailed("uid-a")
                .endUncountedTerminatedPods()
                .endStatus()
                .build();
        JobStatus status = settled(job, succeeded(pod("a", job)));
        assertThat(status.getSucceeded()).isNull();
        assertThat(status.getFailed()).isEqualTo(1);
    }

    @Test
    void onlySoManyPodsAreWrittenDownAtATime() {
        Job job = job(600, 600).build();
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            pods.add(succeeded(pod("p" + i, job)));
        }
        JobPlan plan = plan(job, pods.toArray(new Pod[0]));
        assertThat(plan.status().getUncountedTerminatedPods().getSucceeded()).hasSize(500);
        assertThat(plan.untrack()).hasSize(500);
        assertThat(plan.mayEnd()).isFalse();
    }

    // -- how a Job ends ---------------------------------------------------------------------------------------------

    @Test
    void completionsEndAJob() {
        Job job = job(1, 1).build();
        JobStatus status = settled(job, succeeded(pod("a", job)));
        assertThat(conditions(status))
                .containsExactly("SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached");
        assertThat(status.getConditions().getLast().getMessage())
                .isEqualTo("Reached expected number of succeeded pods");
        assertThat(status.getCompletionTime()).isEqualTo("2026-01-01T01:00:00Z");
        assertThat(status.getSucceeded()).isEqualTo(1);
        assertThat(conditions(settled(job(1, 0).build()))).contains("Complete=True CompletionsReached");
    }

    @Test
    void theEndIsNeverBeforeTheBeginning() {
        Job job = job(1, 1)
                .withNewStatus()
                .withStartTime("2026-01-01T02:00:00Z")
                .endStatus()
                .build();
        assertThat(settled(job, succeeded(pod("a", job))).getCompletionTime())
                .as("on a clock that was set back")
                .isEqualTo("2026-01-01T02:00:00Z");
    }

    @Test
    void theEndWaitsForTheLastPod() {
        Job job = job(1, 1).build();
        Pod running = Pods.ready(pod("b", job), NOW);
        assertThat(conditions(settled(job, succeeded(pod("a", job)), running)))
                .containsExactly("SuccessCriteriaMet=True CompletionsReached");
        assertThat(names(plan(job, succeeded(pod("a", job)), running).delete())).containsExactly("b");
        assertThat(conditions(settled(job, succeeded(pod("a", job)), untracked(Pods.deleting(running, NOW)))))
                .containsExactly("SuccessCriteriaMet=True CompletionsReached");
    }

    @Test
    void moreFailuresThanTheLimitEndAJobAndThoseThatRunFailToo() {
        Job job = job(2, 5)
                .editSpec()
                .withBackoffLimit(1)
                .endSpec()
                .withNewStatus()
                .withFailed(1)
                .endStatus()
                .build();
        Pod running = Pods.ready(pod("b", job), NOW);
        JobPlan plan = plan(job, failed(pod("a", job)), running);
        assertThat(conditions(plan.status())).containsExactly("FailureTarget=True BackoffLimitExceeded");
        assertThat(names(plan.delete())).containsExactly("b");
        assertThat(plan.status().getUncountedTerminatedPods().getFailed()).containsExactly("uid-a", "uid-b");
        JobStatus status = settled(
                new JobBuilder(job).withStatus(plan.status()).build(),
                untracked(failed(pod("a", job))),
                untracked(failed(pod("b", job))));
        assertThat(conditions(status))
                .containsExactly("FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded");
        assertThat(status.getConditions().getLast().getMessage())
                .isEqualTo("Job has reached the specified backoff limit");
        assertThat(status.getFailed()).isEqualTo(3);
        assertThat(status.getCompletionTime()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"0, 0, false", "0, 1, true", "3, 2, false", "3, 3, true"})
    void restartsInsidePodsCountTowardsTheLimit(int limit, int restarts, boolean fails) {
        Job job = job(1, 1)
                .editSpec()
                .withBackoffLimit(limit)
                .editTemplate()
                .editSpec()
                .withRestartPolicy("OnFailure")
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
        Pod pod = new PodBuilder(Pods.ready(pod("a", job), NOW))
                .editStatus()
                .addNewContainerStatus()
                .withName("main")
                .withRestartCount(restarts)
                .endContainerStatus()
                .endStatus()
                .build();
        assertThat(plan(job, pod).verdict() instanceof Verdict.Fails).isEqualTo(fails);
    }

    @Test
    void theDeadlineCountsFromTheStart() {
        Job job = job(1, 1)
                .editSpec()
                .withActiveDeadlineSeconds(3700L)
                .endSpec()
                .withNewStatus()
                .withStartTime("2026-01-01T00:00:00Z")
                .endStatus()
                .build();
        assertThat(plan(job).again()).contains(Duration.ofSeconds(100));
        Job late = new JobBuilder(job)
                .editSpec()
                .withActiveDeadlineSeconds(3600L)
                .endSpec()
                .build();
        assertThat(conditions(plan(late).status())).containsExactly("FailureTarget=True DeadlineExceeded");
        Job suspended =
                new JobBuilder(late).editSpec().withSuspend(true).endSpec().build();
        assertThat(plan(suspended).verdict()).isEqualTo(new Verdict.GoesOn());
        Job forEver = new JobBuilder(job)
                .editSpec()
                .withActiveDeadlineSeconds(Long.MAX_VALUE)
                .endSpec()
                .build();
        assertThat(plan(forEver).again()).isPresent();
    }

    // -- back-off ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 10", "2, 20", "3, 40", "6, 320", "7, 600", "8, 600", "1000, 600"})
    void theWaitDoublesWithEachFailure(int failures, int seconds) {
        assertThat(new Backoff(failures, NOW).remaining(NOW)).isEqualTo(Duration.ofSeconds(seconds));
        assertThat(new Backoff(failures, NOW).remaining(NOW.plusSeconds(seconds + 1)))
                .isEqualTo(Duration.ZERO);
    }

    @Test
    void aSuccessEndsTheWait() {
        Job job = job().build();
        Pod early = failed(pod("a", job), 1, NOW);
        Pod late = failed(pod("b", job), 1, NOW.plusSeconds(20));
        Pod success = Pods.exited(pod("c", job), 0, NOW.plusSeconds(10));
        Backoff before = new Backoff(3, NOW.minusSeconds(5));
        assertThat(before.after(List.of(), List.of(early, late))).isEqualTo(new Backoff(5, NOW.plusSeconds(20)));
        assertThat(before.after(List.of(success), List.of(early))).isEqualTo(Backoff.NONE);
        assertThat(before.after(List.of(success), List.of(early, late))).isEqualTo(new Backoff(1, NOW.plusSeconds(20)));
        assertThat(before.after(List.of(), List.of())).isEqualTo(before);
    }

    @Test
    void podsThatFailedAreReplacedAfterTheWait() {
        Job job = job().build();
        Pod broken = failed(pod("a", job), 1, LATER.minusSeconds(4));
        JobPlan plan = plan(job, broken);
        assertThat(plan.create()).isEmpty();
        assertThat(plan.again()).contains(Duration.ofSeconds(6));
        assertThat(plan(job, failed(pod("a", job), 1, LATER.minusSeconds(10))).create())
                .hasSize(1);
    }

    // -- indexes ----------------------------------------------------------------------------------------------------

    @Test
    void indexedPodsCarryTheirIndex() {
        Job job = indexed(2, 5)
                .withNewStatus()
                .withCompletedIndexes("0,2")
                .withSucceeded(2)
                .endStatus()
                .build();
        List<Draft> drafts = plan(job, pod("a", job, 1)).create();
        assertThat(drafts).singleElement().satisfies(draft -> {
            assertThat(draft.slot()).isEqualTo("3");
            assertThat(draft.base()).isEqualTo("pi-3-");
            assertThat(draft.template().getSpec().getHostname()).isEqualTo("pi-3");
            assertThat(draft.template().getMetadata().getAnnotations())
                    .containsEntry("batch.kubernetes.io/job-completion-index", "3")
                    .doesNotContainKey("batch.kubernetes.io/job-index-failure-count");
            assertThat(draft.template().getMetadata().getLabels())
                    .containsEntry("batch.kubernetes.io/job-completion-index", "3");
            assertThat(draft.template().getMetadata().getFinalizers())
                    .containsExactly("batch.kubernetes.io/job-tracking");
            assertThat(draft.template().getSpec().getContainers().getFirst().getEnv())
                    .singleElement()
                    .satisfies(variable -> assertThat(
                                    variable.getValueFrom().getFieldRef().getFieldPath())
                            .isEqualTo("metadata.labels['batch.kubernetes.io/job-completion-index']"));
        });
        String longName = "a".repeat(63);
        Job named = new JobBuilder(job)
                .editMetadata()
                .withName(longName)
                .endMetadata()
                .build();
        assertThat(JobDraft.ofIndex(named, 12, java.util.Optional.empty()).base())
                .isEqualTo("a".repeat(54) + "-12-")
                .hasSize(58);
    }

    @Test
    void indexesAreCountedOnce() {
        Job job = indexed(3, 5).build();
        JobStatus status =
                settled(job, succeeded(pod("a", job, 0)), succeeded(pod("b", job, 0)), succeeded(pod("c", job, 2)));
        assertThat(status.getCompletedIndexes()).isEqualTo("0,2");
        assertThat(status.getSucceeded()).isEqualTo(2);
        assertThat(status.getUncountedTerminatedPods().getSucceeded()).isEmpty();
    }

    @Test
    void podsOfRepeatedMissingOrUnknownIndexesAreRemoved() {
        Job job = indexed(5, 3).build();
        JobPlan plan = plan(
                job,
                Pods.ready(pod("ready", job, 0), NOW),
                pod("second", job, 0),
                pod("beyond", job, 3),
                pod("without", job));
        assertThat(names(plan.delete())).containsExactlyInAnyOrder("second", "beyond", "without");
        assertThat(plan.create()).isEmpty();
    }

    // -- limits for each index ----------------------------------------------------------------------------------------

    private static JobBuilder perIndex(int parallelism, int completions, int limit) {
        return indexed(parallelism, completions)
                .editSpec()
                .withBackoffLimit(Integer.MAX_VALUE)
                .withBackoffLimitPerIndex(limit)
                .endSpec();
    }

    @Test
    void aFailedPodKeepsTheCountOfItsIndexUntilItsSuccessorRuns() {
        Job job = perIndex(1, 2, 1).build();
        Pod broken = failed(pod("a", job, 0));
        JobPlan plan = plan(job, broken);
        assertThat(plan.untrack()).isEmpty();
        assertThat(plan.create()).singleElement().satisfies(draft -> {
            assertThat(draft.slot()).isEqualTo("0");
            assertThat(draft.template().getMetadata().getAnnotations())
                    .containsEntry("batch.kubernetes.io/job-index-failure-count", "1");
        });
        Pod successor = annotated(pod("b", job, 0), JobPod.FAILURES, 1);
        assertThat(names(plan(job, broken, successor).untrack())).containsExactly("a");

        JobStatus status = settled(job, untracked(broken), failed(successor));
        assertThat(status.getFailedIndexes()).isEqualTo("0");
        assertThat(status.getConditions()).isEmpty();
    }

    @Test
    void anIndexThatWaitsDoesNotHoldUpTheOthers() {
        Job job = perIndex(1, 3, 3).build();
        Pod broken = failed(pod("a", job, 0), 1, LATER.minusSeconds(1));
        JobPlan plan = plan(job, broken);
        assertThat(plan.create()).extracting(Draft::slot).containsExactly("1");
        assertThat(plan.again()).contains(Duration.ofSeconds(9));
    }

    @Test
    void failedIndexesFailTheJobWhenAllHaveEndedOrTooManyFailed() {
        Job job = perIndex(2, 3, 0)
                .withNewStatus()
                .withCompletedIndexes("1,2")
                .endStatus()
                .build();
        JobStatus status = settled(job, failed(pod("a", job, 0)));
        assertThat(conditions(status)).containsExactly("FailureTarget=True FailedIndexes", "Failed=True FailedIndexes");
        assertThat(status.getFailedIndexes()).isEqualTo("0");
        assertThat(status.getCompletedIndexes()).isEqualTo("1,2");

        Job limited =
                perIndex(2, 9, 0).editSpec().withMaxFailedIndexes(1).endSpec().build();
        assertThat(conditions(settled(limited, failed(pod("a", job, 0))))).isEmpty();
        assertThat(conditions(settled(limited, failed(pod("a", job, 0)), failed(pod("b", job, 4)))))
                .contains("Failed=True MaxFailedIndexesExceeded");
    }

    // -- pod failure policy -------------------------------------------------------------------------------------------

    private static JobBuilder withRule(JobBuilder job, String action) {
        return job.editSpec()
                .withPodReplacementPolicy("Failed")
                .withNewPodFailurePolicy()
                .addNewRule()
                .withAction(action)
                .withNewOnExitCodes()
                .withContainerName("main")
                .withOperator("In")
                .withValues(42, 43)
                .endOnExitCodes()
                .endRule()
                .addNewRule()
                .withAction("Ignore")
                .addNewOnPodCondition()
                .withType("DisruptionTarget")
                .withStatus("True")
                .endOnPodCondition()
                .endRule()
                .endPodFailurePolicy()
                .endSpec();
    }

    @ParameterizedTest
    @CsvSource({
        "Count, 42, 1, GoesOn",
        "Count, 1, 1, GoesOn",
        "Ignore, 42, , GoesOn",
        "Ignore, 1, 1, GoesOn",
        "FailJob, 42, 1, Fails",
        "FailJob, 1, 1, GoesOn",
    })
    void theFirstRuleThatMatchesDecides(String action, int code, Integer failed, String verdict) {
        Job job = withRule(job(1, 1), action).build();
        Pod pod = failed(pod("a", job), code, NOW);
        assertThat(plan(job, pod).verdict().getClass().getSimpleName()).isEqualTo(verdict);
        JobStatus status = settled(job, pod);
        assertThat(status.getFailed()).isEqualTo(failed);
        if (verdict.equals("Fails")) {
            assertThat(status.getConditions().getLast().getMessage())
                    .isEqualTo(
                            "Container main for pod default/a failed with exit code 42 matching FailJob rule at index 0");
        }
    }

    @Test
    void aRuleMayFailAnIndexAtOnce() {
        Job job = withRule(perIndex(1, 2, 5), "FailIndex").build();
        assertThat(settled(job, failed(pod("a", job, 1), 43, NOW)).getFailedIndexes())
                .isEqualTo("1");
        assertThat(settled(job, failed(pod("a", job, 1), 1, NOW)).getFailedIndexes())
                .isEmpty();
    }

    @Test
    void disruptedPodsAreIgnoredByTheirCondition() {
        Job job = withRule(job(1, 1), "Count").build();
        Pod disrupted = new PodBuilder(Pods.finished(pod("a", job), "Failed"))
                .editStatus()
                .addNewCondition()
                .withType("DisruptionTarget")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
        JobPlan plan = plan(job, disrupted);
        assertThat(names(plan.untrack())).containsExactly("a");
        assertThat(plan.status().getUncountedTerminatedPods().getFailed()).isEmpty();
    }

    @Test
    void anIgnoredFailureIsCountedApart() {
        Job job = withRule(perIndex(1, 2, 5), "Ignore").build();
        Pod ignored = annotated(failed(pod("a", job, 0), 42, NOW), JobPod.FAILURES, 2);
        assertThat(plan(job, ignored)
                        .create()
                        .getFirst()
                        .template()
                        .getMetadata()
                        .getAnnotations())
                .containsEntry("batch.kubernetes.io/job-index-failure-count", "2")
                .containsEntry("batch.kubernetes.io/job-index-ignored-failure-count", "1");
    }

    // -- success policy -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // indexes of the rule, count, indexes that succeeded, message
                "-, 2, '0', -",
                "-, 2, '0,4', Matched rules at index 0",
                "'0,2-4', -, '0,2,3', -",
                "'0,2-4', -, '0,2-4,7', Matched rules at index 0",
                "'0,2-4', 2, '1,3', -",
                "'0,2-4', 2, '2,3', Matched rules at index 0",
            })
    void aPolicyMayBeContentWithLess(String indexes, Integer count, String succeeded, String message) {
        Job job = indexed(1, 10)
                .editSpec()
                .withNewSuccessPolicy()
                .addNewRule()
                .withSucceededIndexes(indexes)
                .withSucceededCount(count)
                .endRule()
                .endSuccessPolicy()
                .endSpec()
                .withNewStatus()
                .withCompletedIndexes(succeeded)
                .endStatus()
                .build();
        Pod running = Pods.ready(pod("a", job, 9), NOW);
        JobPlan plan = plan(job, running);
        if (message == null) {
            assertThat(plan.verdict()).isEqualTo(new Verdict.GoesOn());
        } else {
            assertThat(plan.verdict()).isEqualTo(new Verdict.Succeeds("SuccessPolicy", message));
            assertThat(names(plan.delete())).containsExactly("a");
            assertThat(plan.status().getUncountedTerminatedPods().getFailed()).isEmpty();
        }
    }

    // -- suspending ---------------------------------------------------------------------------------------------------

    @Test
    void aSuspendedJobHasNoPodsAndNoStart() {
        Job job = job(2, 5)
                .editSpec()
                .withSuspend(true)
                .endSpec()
                .withNewStatus()
                .withStartTime("2026-01-01T00:00:00Z")
                .endStatus()
                .build();
        JobPlan plan = plan(job, pod("a", job), succeeded(pod("b", job)));
        assertThat(names(plan.delete())).containsExactly("a");
        assertThat(plan.status().getUncountedTerminatedPods().getFailed()).isEmpty();
        assertThat(plan.status().getUncountedTerminatedPods().getSucceeded()).containsExactly("uid-b");
        assertThat(conditions(plan.status())).containsExactly("Suspended=True JobSuspended");
        assertThat(plan.status().getStartTime()).isNull();
        assertThat(plan.notices()).containsExactly(Notice.normal("Suspended", "Job suspended"));

        Job resumed = new JobBuilder(job)
                .editSpec()
                .withSuspend(false)
                .endSpec()
                .withStatus(plan.status())
                .build();
        JobPlan next = plan(resumed);
        assertThat(conditions(next.status())).containsExactly("Suspended=False JobResumed");
        assertThat(next.status().getStartTime()).isEqualTo("2026-01-01T01:00:00Z");
        assertThat(next.notices()).containsExactly(Notice.normal("Resumed", "Job resumed"));
        assertThat(next.create()).hasSize(2);
        assertThat(plan(new JobBuilder(resumed).withStatus(next.status()).build())
                        .notices())
                .isEmpty();
    }

    @Test
    void aJobThatIsBeingDeletedLetsItsPodsGoAndMakesNone() {
        Job job = new JobBuilder(job(2, 5).build())
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();
        JobPlan plan = plan(job, pod("a", job));
        assertThat(plan.create()).isEmpty();
        assertThat(plan.delete()).isEmpty();
        assertThat(names(plan.untrack())).containsExactly("a");
        assertThat(plan.status().getUncountedTerminatedPods().getFailed()).isEmpty();
    }

    // -- removal ------------------------------------------------------------------------------------------------------

    @Test
    void aFinishedJobStaysForItsTime() {
        Job job = job().editSpec()
                .withTtlSecondsAfterFinished(100)
                .endSpec()
                .withNewStatus()
                .addToConditions(JobFacts.condition("Failed", "True", "DeadlineExceeded", "", NOW))
                .endStatus()
                .build();
        assertThat(TtlAfterFinishedController.timeLeft(job, NOW.plusSeconds(40)))
                .contains(Duration.ofSeconds(60));
        assertThat(TtlAfterFinishedController.timeLeft(job, NOW.plusSeconds(100)))
                .contains(Duration.ZERO);
        assertThat(TtlAfterFinishedController.timeLeft(job().build(), NOW)).isEmpty();
        Job running = new JobBuilder(job).withNewStatus().endStatus().build();
        assertThat(TtlAfterFinishedController.timeLeft(running, NOW)).isEmpty();
    }
}
