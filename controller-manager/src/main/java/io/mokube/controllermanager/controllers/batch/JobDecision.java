package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatusBuilder;
import io.mokube.controllermanager.controllers.batch.PodNumbers.Change;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a Job should do about its pods, and what its status should say. Pure. */
final class JobDecision {

    /** How many pods are written down at a time, so that a status stays small and one huge Job does not hold up others. */
    static final int MOST_UNCOUNTED = 500;

    private JobDecision() {}

    /**
     * Plans for a Job that has not ended.
     *
     * @param pods those that it controls
     * @param backoff the waits after failures as they were
     */
    static JobPlan plan(Job job, Collection<Pod> pods, Backoff backoff, Instant now) {
        JobTally tally = JobTally.of(job, pods);
        Verdict verdict = Verdict.of(tally, now);
        Backoff waits =
                JobFacts.limitsEachIndex(job) ? backoff : backoff.after(tally.newSucceeded(), tally.newFailed());
        boolean goesOn = verdict instanceof Verdict.GoesOn;
        Change change =
                goesOn && Ownership.isBeingDeleted(job) ? Change.NONE : PodNumbers.change(tally, verdict, waits, now);
        Page page = Page.of(tally, verdict, change.delete());

        JobStatus status = job.getStatus() == null ? new JobStatus() : new JobStatusBuilder(job.getStatus()).build();
        page.ledger().writeTo(status);
        if (JobFacts.isIndexed(job)) {
            status.setSucceeded(orNone(tally.succeededIndexes().size()));
            status.setCompletedIndexes(orNone(tally.succeededIndexes().toString()));
            status.setFailedIndexes(
                    JobFacts.limitsEachIndex(job) ? tally.failedIndexes().toString() : null);
        }
        status.setActive(orNone(tally.active().size()));
        status.setReady(tally.ready());
        status.setTerminating(tally.terminating().size());
        List<Notice> notices = new ArrayList<>();
        if (goesOn && !Ownership.isBeingDeleted(job)) {
            notices.addAll(suspension(job, status, now));
        }
        if (status.getStartTime() == null && (!JobFacts.isSuspended(job) || !goesOn)) {
            status.setStartTime(Times.format(now));
        }
        verdict.first(now)
                .filter(first -> JobFacts.isTrue(status, first.getType()).isEmpty())
                .ifPresent(first -> set(status, first));
        Optional<Duration> deadline = goesOn ? Verdict.untilDeadline(job, now) : Optional.empty();
        return new JobPlan(
                status,
                notices,
                page.untrack(),
                change.delete(),
                change.create(),
                waits,
                Stream.of(deadline, change.again()).flatMap(Optional::stream).min(Duration::compareTo),
                verdict,
                !page.full() && tally.active().isEmpty() && tally.terminating().isEmpty());
    }

    /**
     * The pods that lose the finalizer and what is written down about them.
     *
     * @param full whether more pods have ended than are written down at a time
     */
    private record Page(Ledger ledger, List<Pod> untrack, boolean full) {

        static Page of(JobTally tally, Verdict verdict, List<Pod> givenUp) {
            Job job = tally.job();
            Ledger ledger = tally.ledger();
            Set<String> succeeded = uids(tally.newSucceeded());
            Set<String> failed = uids(tally.newFailed());
            boolean ends = !(verdict instanceof Verdict.GoesOn) || Ownership.isBeingDeleted(job);
            Set<String> waiting = ends ? Set.of() : uids(tally.lastFailures().values());
            Set<String> dropped = uids(givenUp);
            List<String> nowSucceeded = new ArrayList<>();
            List<String> nowFailed = new ArrayList<>();
            List<Pod> untrack = new ArrayList<>();
            boolean full = false;
            int room = MOST_UNCOUNTED - ledger.uncounted();
            for (Pod pod : tally.pods()) {
                String uid = JobPod.uid(pod);
                if (!tally.tracked().contains(uid) || waiting.contains(uid)) {
                    continue;
                }
                boolean hasEnded = JobPod.hasSucceeded(pod) || JobPod.hasFailed(pod, job);
                boolean leaves = hasEnded || ends || dropped.contains(uid);
                if (!leaves) {
                    continue;
                }
                // A pod that runs when the Job fails counts as failed; one that runs when it succeeds does not count.
                boolean failsWithJob = !hasEnded
                        && verdict instanceof Verdict.Fails
                        && !ledger.uncountedFailed().contains(uid);
                boolean countsAsFailed = (failed.contains(uid) || failsWithJob)
                        && FailureHandling.of(job, pod).counts();
                boolean countsAsSucceeded = succeeded.contains(uid);
                if (countsAsFailed || countsAsSucceeded) {
                    if (room == 0) {
                        full = true;
                        continue;
                    }
                    room--;
                    if (countsAsFailed) {
                        nowFailed.add(uid);
                    } else if (!JobFacts.isIndexed(job)) {
                        nowSucceeded.add(uid); // of an indexed Job the index is enough
                    }
                }
                untrack.add(pod);
            }
            return new Page(ledger.with(nowSucceeded, nowFailed), untrack, full);
        }

        private static Set<String> uids(Collection<Pod> pods) {
            Set<String> uids = new HashSet<>();
            pods.forEach(pod -> uids.add(JobPod.uid(pod)));
            return uids;
        }
    }

    /** Says that the Job is suspended, or goes on again; its time counts from then. */
    private static List<Notice> suspension(Job job, JobStatus status, Instant now) {
        boolean suspend = JobFacts.isSuspended(job);
        Optional<JobCondition> old = JobFacts.condition(status, JobFacts.SUSPENDED);
        boolean suspended = JobFacts.isTrue(status, JobFacts.SUSPENDED).isPresent();
        if (suspend) {
            status.setStartTime(null);
        }
        if (suspend && !suspended) {
            set(status, JobFacts.condition(JobFacts.SUSPENDED, "True", "JobSuspended", "Job suspended", now));
            return List.of(Notice.normal("Suspended", "Job suspended"));
        }
        if (!suspend && suspended && old.isPresent()) {
            set(status, JobFacts.condition(JobFacts.SUSPENDED, "False", "JobResumed", "Job resumed", now));
            status.setStartTime(Times.format(now));
            return List.of(Notice.normal("Resumed", "Job resumed"));
        }
        return List.of();
    }

    /**
     * The status after finalizers are gone: their pods are counted, and the Job ends when all are.
     *
     * @param written what the plan wanted to be written first, as stored
     * @param tracked UIDs of the pods that still carry the finalizer
     */
    static JobStatus settled(Job job, JobPlan plan, JobStatus written, Set<String> tracked, Instant now) {
        JobStatus status = new JobStatusBuilder(written).build();
        Ledger ledger = Ledger.of(written).counted(tracked);
        @Nullable Integer succeeded = status.getSucceeded();
        ledger.writeTo(status);
        if (JobFacts.isIndexed(job)) {
            status.setSucceeded(succeeded);
        }
        Optional<JobCondition> last = plan.verdict().last(now);
        if (last.isPresent() && plan.mayEnd() && ledger.uncounted() == 0) {
            set(status, last.get());
            if (last.get().getType().equals(JobFacts.COMPLETE)) {
                status.setCompletionTime(
                        notBefore(status.getStartTime(), last.get().getLastTransitionTime()));
            }
        }
        return status;
    }

    /** A clock that was set back must not make the end come before the beginning: the server would refuse it for ever. */
    private static String notBefore(@Nullable String start, String end) {
        Optional<Instant> began = Times.parse(start);
        return began.isPresent() && Instant.parse(end).isBefore(began.get()) ? Times.format(began.get()) : end;
    }

    private static void set(JobStatus status, JobCondition condition) {
        List<JobCondition> conditions =
                new ArrayList<>(status.getConditions() == null ? List.of() : status.getConditions());
        for (int i = 0; i < conditions.size(); i++) {
            if (conditions.get(i).getType().equals(condition.getType())) {
                conditions.set(i, condition);
                status.setConditions(conditions);
                return;
            }
        }
        conditions.add(condition);
        status.setConditions(conditions);
    }

    /** A count as a status carries it: nothing for zero. */
    static @Nullable Integer orNone(int count) {
        return count == 0 ? null : count;
    }

    private static @Nullable String orNone(String text) {
        return text.isEmpty() ? null : text;
    }
}
