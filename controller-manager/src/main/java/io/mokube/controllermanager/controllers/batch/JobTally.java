package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a Job's status and its pods say together. Pure.
 *
 * <p>Only pods with the finalizer can still change the counts; those without it are counted, or were given up. A pod
 * counts as one or the other for good: one written down as failed stays so even if it succeeds after all.
 *
 * @param pods all of them, by index and name
 * @param active those that run or will
 * @param terminating those on their way out
 * @param tracked UIDs of those with the finalizer
 * @param ledger as the status has it, after counting those that lost the finalizer
 * @param newSucceeded those that succeeded and are not written down yet
 * @param newFailed those that failed and are not written down yet
 * @param succeededIndexes of an indexed Job, the new ones included
 * @param failedIndexes of a Job with a limit for each index, the new ones included
 * @param lastFailures the last failed pod of each index that is to be tried again: it keeps the finalizer, because it
 *     carries the index's count of failures, until its successor runs
 */
record JobTally(
        Job job,
        List<Pod> pods,
        List<Pod> active,
        List<Pod> terminating,
        Set<String> tracked,
        Ledger ledger,
        List<Pod> newSucceeded,
        List<Pod> newFailed,
        Indexes succeededIndexes,
        Indexes failedIndexes,
        Map<Integer, Pod> lastFailures) {

    private static final Comparator<Pod> ORDER = Comparator.<Pod>comparingInt(
                    pod -> JobPod.index(pod).orElse(-1))
            .thenComparing(pod -> pod.getMetadata().getName());

    static JobTally of(Job job, Collection<Pod> unsorted) {
        List<Pod> pods = unsorted.stream().sorted(ORDER).toList();
        List<Pod> active = pods.stream().filter(PodFacts::isActive).toList();
        List<Pod> terminating = pods.stream().filter(PodFacts::isTerminating).toList();
        Set<String> tracked = new HashSet<>();
        List<Pod> newSucceeded = new ArrayList<>();
        List<Pod> newFailed = new ArrayList<>();
        Ledger before = Ledger.of(job.getStatus());
        for (Pod pod : pods) {
            if (!JobPod.isTracked(pod)) {
                continue;
            }
            String uid = JobPod.uid(pod);
            tracked.add(uid);
            if (before.uncountedSucceeded().contains(uid)
                    || before.uncountedFailed().contains(uid)
                    || !isValid(job, pod)) {
                continue;
            }
            if (JobPod.hasSucceeded(pod)) {
                newSucceeded.add(pod);
            } else if (JobPod.hasFailed(pod, job)) {
                newFailed.add(pod);
            }
        }
        Indexes succeededIndexes = Indexes.NONE;
        Indexes failedIndexes = Indexes.NONE;
        Map<Integer, Pod> lastFailures = Map.of();
        if (JobFacts.isIndexed(job)) {
            Indexes failedBefore = failedBefore(job);
            succeededIndexes = succeededBefore(job)
                    .plus(Indexes.of(indexes(newSucceeded).stream()
                            .filter(index -> !failedBefore.contains(index))
                            .toList()));
            if (JobFacts.limitsEachIndex(job)) {
                failedIndexes = failedBefore.plus(newFailedIndexes(job, newFailed, succeededIndexes));
                lastFailures = lastFailures(newFailed, indexes(active), succeededIndexes, failedIndexes);
            }
        }
        return new JobTally(
                job,
                pods,
                active,
                terminating,
                tracked,
                before.counted(tracked),
                newSucceeded,
                newFailed,
                succeededIndexes,
                failedIndexes,
                lastFailures);
    }

    /** Whether the pod can count: one of an indexed Job needs an index that the Job has. */
    private static boolean isValid(Job job, Pod pod) {
        return !JobFacts.isIndexed(job)
                || JobPod.index(pod).orElse(Integer.MAX_VALUE)
                        < JobFacts.completions(job).orElse(0);
    }

    private static Indexes succeededBefore(Job job) {
        @Nullable JobStatus status = job.getStatus();
        return status == null
                ? Indexes.NONE
                : Indexes.parse(
                        status.getCompletedIndexes(), JobFacts.completions(job).orElse(0));
    }

    private static Indexes failedBefore(Job job) {
        @Nullable JobStatus status = job.getStatus();
        return status == null
                ? Indexes.NONE
                : Indexes.parse(
                        status.getFailedIndexes(), JobFacts.completions(job).orElse(0));
    }

    private static Indexes newFailedIndexes(Job job, List<Pod> failed, Indexes succeeded) {
        int limit = job.getSpec().getBackoffLimitPerIndex();
        List<Pod> forGood = failed.stream()
                .filter(pod -> switch (FailureHandling.of(job, pod)) {
                    case FailureHandling.FailIndex() -> true;
                    case FailureHandling.Count() -> JobPod.failures(pod) >= limit;
                    case FailureHandling.FailJob any -> JobPod.failures(pod) >= limit;
                    case FailureHandling.Ignore() -> false;
                })
                .toList();
        return Indexes.of(indexes(forGood).stream()
                .filter(index -> !succeeded.contains(index))
                .toList());
    }

    private static Map<Integer, Pod> lastFailures(
            List<Pod> failed, Set<Integer> active, Indexes succeededIndexes, Indexes failedIndexes) {
        Map<Integer, Pod> last = new HashMap<>();
        Comparator<Pod> later = Comparator.<Pod>comparingInt(pod -> JobPod.failures(pod) + JobPod.ignoredFailures(pod))
                .thenComparing(JobPod::endedAt)
                .thenComparing(JobPod::uid);
        for (Pod pod : failed) {
            int index = JobPod.index(pod).orElseThrow();
            if (!active.contains(index) && !succeededIndexes.contains(index) && !failedIndexes.contains(index)) {
                last.merge(index, pod, (a, b) -> later.compare(a, b) > 0 ? a : b);
            }
        }
        return last;
    }

    /** The indexes of pods that have one. */
    static Set<Integer> indexes(Collection<Pod> pods) {
        Set<Integer> indexes = new HashSet<>();
        for (Pod pod : pods) {
            OptionalInt index = JobPod.index(pod);
            index.ifPresent(indexes::add);
        }
        return indexes;
    }

    int succeeded() {
        return JobFacts.isIndexed(job)
                ? succeededIndexes.size()
                : ledger.succeeded() + ledger.uncountedSucceeded().size() + newSucceeded.size();
    }

    /** The failures that count. */
    int failed() {
        long counting = newFailed.stream()
                .filter(pod -> FailureHandling.of(job, pod).counts())
                .count();
        return ledger.failed() + ledger.uncountedFailed().size() + (int) counting;
    }

    int ready() {
        return (int) active.stream().filter(PodFacts::isReady).count();
    }
}
