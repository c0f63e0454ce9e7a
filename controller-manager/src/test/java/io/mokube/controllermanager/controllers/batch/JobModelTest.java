package io.mokube.controllermanager.controllers.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.batch.BatchCluster.Fault;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.names.ObjectKey;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Jobs of every kind in a cluster where everything goes wrong in any order: pods fail and are deleted, caches lag, requests
 * and answers get lost, controllers are killed between any two requests, users suspend and scale.
 */
class JobModelTest {

    private static final ObjectKey KEY = new ObjectKey("default", "pi");
    private static final int STORIES = 150;
    private static final int LENGTH = 160;

    /** One story, which its seed alone decides. */
    private static final class Story {
        private final Random random;
        private Instant now = Jobs.NOW;
        private boolean faulty = true;
        private final BatchCluster cluster;

        /** Whether the controller learns of its own statuses late. */
        private final boolean lagging;

        /** The most pods that any spec so far allowed. */
        private int most;

        private final Set<Integer> succeededIndexes = new HashSet<>();

        Story(long seed) {
            random = new Random(seed);
            lagging = chance(3);
            cluster = new BatchCluster(() -> now, this::fault, any -> {});
            Job job = cluster.create(randomJob());
            most = JobFacts.parallelism(job);
        }

        private Job job() {
            return Objects.requireNonNull(cluster.jobs.live.get(KEY));
        }

        private Fault fault() {
            if (!faulty || random.nextInt(20) > 0) {
                return Fault.NONE;
            }
            Fault[] all = Fault.values();
            return all[1 + random.nextInt(all.length - 1)];
        }

        private boolean chance(int inTen) {
            return random.nextInt(10) < inTen;
        }

        private Job randomJob() {
            int completions = random.nextInt(9);
            JobBuilder job = Jobs.job(random.nextInt(6), completions);
            job.editSpec()
                    .withBackoffLimit(random.nextInt(12))
                    .withSuspend(chance(1))
                    .withPodReplacementPolicy(chance(4) ? "Failed" : "TerminatingOrFailed")
                    .withActiveDeadlineSeconds(chance(2) ? 200L + random.nextInt(2000) : null)
                    .endSpec();
            if (chance(5)) {
                job.editSpec().withCompletionMode("Indexed").endSpec();
                if (chance(5)) {
                    job.editSpec()
                            .withBackoffLimit(Integer.MAX_VALUE)
                            .withBackoffLimitPerIndex(random.nextInt(3))
                            .withMaxFailedIndexes(chance(5) ? random.nextInt(completions + 1) : null)
                            .endSpec();
                }
                if (chance(3)) {
                    job.editSpec()
                            .withNewSuccessPolicy()
                            .addNewRule()
                            .withSucceededCount(1 + random.nextInt(4))
                            .endRule()
                            .endSuccessPolicy()
                            .endSpec();
                }
            } else if (chance(3)) {
                job.editSpec().withCompletions(null).endSpec();
            }
            if (chance(3)) {
                job.editSpec()
                        .withPodReplacementPolicy("Failed")
                        .withNewPodFailurePolicy()
                        .addNewRule()
                        .withAction(chance(8) ? "Ignore" : "FailJob")
                        .withNewOnExitCodes()
                        .withOperator("In")
                        .withValues(42)
                        .endOnExitCodes()
                        .endRule()
                        .endPodFailurePolicy()
                        .endSpec();
            }
            return job.build();
        }

        void play() {
            for (int i = 0; i < LENGTH; i++) {
                happens();
                check();
            }
            end();
        }

        private void happens() {
            now = now.plusSeconds(random.nextInt(4) == 0 ? random.nextInt(40) : 0);
            switch (random.nextInt(20)) {
                case 0 -> pick(cluster.pods.live.values()).ifPresent(cluster::starts);
                case 1, 2 -> pick(cluster.pods.live.values()).ifPresent(this::ends);
                case 3 ->
                    pick(cluster.pods.live.values()).filter(any -> chance(3)).ifPresent(cluster::isToldToGo);
                case 4 -> pick(cluster.pods.live.values()).ifPresent(cluster::goes);
                case 5 -> userActs();
                case 6, 7, 8 -> {
                    if (!lagging || chance(1)) {
                        cluster.jobs.deliver(1 + random.nextInt(3));
                    } else {
                        allSucceed();
                    }
                }
                case 9, 10, 11 -> cluster.pods.deliver(1 + random.nextInt(5));
                case 12 -> relist();
                default -> reconcile();
            }
        }

        private void relist() {
            switch (random.nextInt(6)) {
                case 0 -> cluster.restartControllers();
                case 1, 2 -> cluster.jobs.relist();
                default -> cluster.pods.relist();
            }
        }

        /** All at once, and the controller sees it. */
        private void allSucceed() {
            List.copyOf(cluster.pods.live.values()).forEach(pod -> ends(pod, 0));
            cluster.pods.deliver(Integer.MAX_VALUE);
        }

        private void ends(Pod pod) {
            ends(pod, chance(6) ? 0 : chance(5) ? 42 : 1);
        }

        private void ends(Pod pod, int code) {
            boolean countable = JobPod.isTracked(pod) && !PodFacts.isFinished(pod);
            cluster.ends(pod, code);
            if (countable && code == 0) {
                JobPod.index(pod).ifPresent(succeededIndexes::add);
            }
        }

        private void userActs() {
            Job job = job();
            JobBuilder changed = new JobBuilder(job);
            switch (random.nextInt(4)) {
                case 0 ->
                    changed.editSpec()
                            .withSuspend(!JobFacts.isSuspended(job) && chance(5))
                            .endSpec();
                case 1 -> changed.editSpec().withParallelism(random.nextInt(7)).endSpec();
                case 2 -> {
                    boolean decided = JobFacts.isTrue(job.getStatus(), JobFacts.SUCCESS_CRITERIA_MET)
                            .or(() -> JobFacts.isTrue(job.getStatus(), JobFacts.FAILURE_TARGET))
                            .isPresent();
                    if (JobFacts.isIndexed(job) && !decided && job.getSpec().getMaxFailedIndexes() == null) {
                        int size = random.nextInt(8);
                        changed.editSpec()
                                .withParallelism(size)
                                .withCompletions(size)
                                .endSpec();
                    }
                }
                default -> {
                    return;
                }
            }
            cluster.jobs.store(changed.editMetadata()
                    .withGeneration(Ownership.generation(job) + 1)
                    .endMetadata()
                    .build());
            most = Math.max(most, JobFacts.parallelism(changed.build()));
        }

        private void reconcile() {
            try {
                cluster.reconcileJob(KEY);
            } catch (ConnectionException e) {
                // The next look goes on from what is there.
            }
        }

        private void check() {
            List<Pod> active = cluster.pods.live.values().stream()
                    .filter(PodFacts::isActive)
                    .toList();
            assertThat(active.size()).isLessThanOrEqualTo(most);
            Job job = job();
            if (!JobFacts.isIndexed(job) && JobFacts.completions(job).isPresent()) {
                assertThat(active.size() + cluster.countedSucceeded.size())
                        .isLessThanOrEqualTo(JobFacts.completions(job).getAsInt());
            }
            Map<Integer, Integer> perIndex = new HashMap<>();
            active.forEach(pod -> JobPod.index(pod).ifPresent(index -> perIndex.merge(index, 1, Integer::sum)));
            assertThat(perIndex.values()).allMatch(count -> count == 1);
        }

        /** Nothing goes wrong any more, and every pod succeeds: the Job must come to the right end. */
        private void end() {
            faulty = false;
            Job job = job();
            cluster.jobs.store(new JobBuilder(job)
                    .editSpec()
                    .withSuspend(false)
                    .withParallelism(Math.max(1, JobFacts.parallelism(job)))
                    .endSpec()
                    .build());
            most = Math.max(most, 1);
            for (int round = 0; round < 200 && !JobFacts.isFinished(job()); round++) {
                now = now.plusSeconds(700);
                cluster.jobs.deliver(Integer.MAX_VALUE);
                cluster.pods.deliver(Integer.MAX_VALUE);
                reconcile();
                check();
                for (Pod pod : List.copyOf(cluster.pods.live.values())) {
                    if (Ownership.isBeingDeleted(pod)) {
                        cluster.ends(pod, 1);
                    } else {
                        if (JobPod.isTracked(pod) && !PodFacts.isFinished(pod)) {
                            JobPod.index(pod).ifPresent(succeededIndexes::add);
                        }
                        cluster.ends(pod, 0);
                    }
                }
                List.copyOf(cluster.pods.live.values()).forEach(cluster::goes);
            }
            checkEnd(job());
        }

        private void checkEnd(Job job) {
            JobStatus status = job.getStatus();
            assertThat(JobFacts.isFinished(job)).as("ended: " + status).isTrue();
            boolean complete = JobFacts.isTrue(status, JobFacts.COMPLETE).isPresent();
            assertThat(JobFacts.isTrue(status, JobFacts.FAILED).isPresent()).isNotEqualTo(complete);
            assertThat(JobFacts.isTrue(status, JobFacts.SUCCESS_CRITERIA_MET).isPresent())
                    .isEqualTo(complete);
            assertThat(JobFacts.isTrue(status, JobFacts.FAILURE_TARGET).isPresent())
                    .isNotEqualTo(complete);
            assertThat(status.getCompletionTime() != null).isEqualTo(complete);
            assertThat(status.getStartTime()).isNotNull();
            assertThat(status.getActive()).isNull();
            assertThat(status.getTerminating()).isZero();
            assertThat(Ledger.of(status).uncounted()).isZero();
            assertThat(cluster.pods.live.values().stream().filter(PodFacts::isActive))
                    .isEmpty();

            // The books say the same as the counts.
            assertThat(Ownership.orZero(status.getFailed())).isEqualTo(cluster.countedFailed.size());
            int succeeded = Ownership.orZero(status.getSucceeded());
            int completions = JobFacts.completions(job).orElse(1);
            if (JobFacts.isIndexed(job)) {
                Indexes completed = Indexes.parse(status.getCompletedIndexes(), completions);
                Indexes failed = Indexes.parse(status.getFailedIndexes(), completions);
                assertThat(succeeded).isEqualTo(completed.size());
                assertThat(completed.overlap(Indexes.of(succeededIndexes))).isEqualTo(completed.size());
                assertThat(completed.overlap(failed)).isZero();
                if (reason(job).equals("FailedIndexes")) {
                    assertThat(failed.size()).isPositive();
                    assertThat(failed.size() + completed.size()).isEqualTo(completions);
                }
            } else {
                assertThat(succeeded).isEqualTo(cluster.countedSucceeded.size());
            }
            switch (reason(job)) {
                case "CompletionsReached" -> assertThat(succeeded).isGreaterThanOrEqualTo(completions);
                case "BackoffLimitExceeded" ->
                    assertThat(Ownership.orZero(status.getFailed())).isGreaterThan(JobFacts.backoffLimit(job));
                case "DeadlineExceeded" ->
                    assertThat(job.getSpec().getActiveDeadlineSeconds()).isNotNull();
                case "PodFailurePolicy" ->
                    assertThat(job.getSpec().getPodFailurePolicy()).isNotNull();
                default -> assertThat(reason(job)).isIn("SuccessPolicy", "FailedIndexes", "MaxFailedIndexesExceeded");
            }
        }

        private static String reason(Job job) {
            return JobFacts.ending(job).orElseThrow().getReason();
        }

        private <T> Optional<T> pick(Collection<T> from) {
            return from.isEmpty()
                    ? Optional.empty()
                    : from.stream().skip(random.nextInt(from.size())).findFirst();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 1_000_000, 2_000_000, 3_000_000})
    void countsAreExactPodsNeverTooManyAndTheEndIsRight(long firstSeed) {
        for (long seed = firstSeed; seed < firstSeed + STORIES; seed++) {
            try {
                new Story(seed).play();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("the story of seed " + seed, e);
            }
        }
    }

    /** A model that finds nothing proves nothing. */
    @Test
    void faultsOfTheControllerAreFound() {
        assertThat(found(BatchCluster::dontWaitForStatus))
                .as("not waiting for the status")
                .isPositive();
        assertThat(found(BatchCluster::dontWaitForPods))
                .as("not waiting for pods")
                .isPositive();
    }

    /** In how many stories a fault shows. */
    private static int found(Consumer<BatchCluster> fault) {
        int found = 0;
        for (long seed = 1; seed < 1 + STORIES; seed++) {
            Story story = new Story(seed);
            fault.accept(story.cluster);
            try {
                story.play();
            } catch (AssertionError e) {
                found++;
            }
        }
        return found;
    }
}
