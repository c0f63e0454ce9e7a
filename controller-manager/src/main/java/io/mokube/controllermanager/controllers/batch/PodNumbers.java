package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Draft;
import io.mokube.controllermanager.controllers.replicaset.DeletionOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/** How many pods a Job should have, and which. Pure. */
final class PodNumbers {

    /** The most pods created or deleted in one go. */
    static final int BURST = 500;

    private PodNumbers() {}

    /**
     * What to do about the pods: delete some or create some, never both at once.
     *
     * @param again when pods that failed may be replaced
     */
    record Change(List<Pod> delete, List<Draft> create, Optional<Duration> again) {

        static final Change NONE = new Change(List.of(), List.of(), Optional.empty());

        static Change deleting(List<Pod> pods) {
            return new Change(pods, List.of(), Optional.empty());
        }

        static Change waiting(Duration wait) {
            return new Change(List.of(), List.of(), Optional.of(wait));
        }
    }

    static Change change(JobTally tally, Verdict verdict, Backoff backoff, Instant now) {
        if (!(verdict instanceof Verdict.GoesOn) || JobFacts.isSuspended(tally.job())) {
            return Change.deleting(tally.active());
        }
        int wanted = wanted(tally);
        List<Pod> surplus = surplus(tally, wanted, now);
        if (!surplus.isEmpty()) {
            return Change.deleting(surplus.subList(0, Math.min(surplus.size(), BURST)));
        }
        int leaving =
                JobFacts.waitsForTermination(tally.job()) ? tally.terminating().size() : 0;
        int missing = Math.min(BURST, wanted - leaving - tally.active().size());
        return missing <= 0 ? Change.NONE : missing(tally, missing, backoff, now);
    }

    private static int wanted(JobTally tally) {
        int parallelism = JobFacts.parallelism(tally.job());
        OptionalInt completions = JobFacts.completions(tally.job());
        if (completions.isEmpty()) {
            // After the first success nobody is told to begin any more.
            return tally.succeeded() > 0 ? Math.min(tally.active().size(), parallelism) : parallelism;
        }
        return Math.max(0, Math.min(parallelism, completions.getAsInt() - tally.succeeded()));
    }

    /**
     * The pods that are too many: those given up already, those whose index another has or the Job has not, and then the
     * ones that have got least far.
     */
    private static List<Pod> surplus(JobTally tally, int wanted, Instant now) {
        Job job = tally.job();
        List<Pod> surplus = new ArrayList<>();
        List<Pod> rest = new ArrayList<>();
        Map<Integer, List<Pod>> byIndex = new HashMap<>();
        for (Pod pod : tally.active()) {
            if (!JobPod.isTracked(pod)) {
                surplus.add(pod); // its deletion was begun; it can't count any more
            } else if (!JobFacts.isIndexed(job)) {
                rest.add(pod);
            } else {
                int index = JobPod.index(pod).orElse(Integer.MAX_VALUE);
                if (index >= JobFacts.completions(job).orElse(0)) {
                    surplus.add(pod);
                } else {
                    byIndex.computeIfAbsent(index, any -> new ArrayList<>()).add(pod);
                }
            }
        }
        for (int index : new TreeSet<>(byIndex.keySet())) {
            List<Pod> same = byIndex.getOrDefault(index, List.of());
            List<Pod> tooMany = DeletionOrder.first(same.size() - 1, same, List.of(), now);
            surplus.addAll(tooMany);
            same.stream().filter(pod -> !tooMany.contains(pod)).forEach(rest::add);
        }
        int more = tally.active().size() - wanted - surplus.size();
        if (more > 0) {
            surplus.addAll(DeletionOrder.first(more, rest, List.of(), now));
        }
        return surplus;
    }

    private static Change missing(JobTally tally, int count, Backoff backoff, Instant now) {
        Job job = tally.job();
        if (!JobFacts.limitsEachIndex(job)) {
            Duration wait = backoff.remaining(now);
            if (wait.isPositive()) {
                return Change.waiting(wait);
            }
        }
        if (!JobFacts.isIndexed(job)) {
            return new Change(List.of(), JobDraft.alike(job, count), Optional.empty());
        }
        Indexes taken =
                tally.succeededIndexes().plus(tally.failedIndexes()).plus(Indexes.of(JobTally.indexes(tally.active())));
        if (JobFacts.waitsForTermination(job)) {
            taken = taken.plus(Indexes.of(JobTally.indexes(tally.terminating())));
        }
        // Indexes that wait after a failure don't hold up the others.
        List<Integer> waiting = new ArrayList<>();
        Optional<Duration> shortest = Optional.empty();
        for (Map.Entry<Integer, Pod> failed : tally.lastFailures().entrySet()) {
            Pod pod = failed.getValue();
            Duration wait = new Backoff(JobPod.failures(pod) + JobPod.ignoredFailures(pod) + 1, JobPod.endedAt(pod))
                    .remaining(now);
            if (wait.isPositive()) {
                waiting.add(failed.getKey());
                shortest = shortest.filter(other -> other.compareTo(wait) < 0).or(() -> Optional.of(wait));
            }
        }
        List<Integer> indexes = taken.plus(Indexes.of(waiting))
                .missing(count, JobFacts.completions(job).orElse(0));
        List<Draft> drafts = indexes.stream()
                .map(index -> JobDraft.ofIndex(
                        job, index, Optional.ofNullable(tally.lastFailures().get(index))))
                .toList();
        return new Change(List.of(), drafts, shortest);
    }
}
