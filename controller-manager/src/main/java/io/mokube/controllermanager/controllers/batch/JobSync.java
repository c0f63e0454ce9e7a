package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.client.reconcile.Outcome;
import io.mokube.controllermanager.controllers.batch.JobActions.Untracked;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what is decided about a Job. It may be stopped between any two actions and begun anew. Safe for use by many
 * threads, with one at a time for each Job.
 */
final class JobSync {

    private final JobActions actions;
    private final InstantSource clock;

    /** The waits after failures, by UID. After a restart they are made out from the pods that are still there. */
    private final Map<String, Backoff> backoffs = new ConcurrentHashMap<>();

    JobSync(JobActions actions, InstantSource clock) {
        this.actions = actions;
        this.clock = clock;
    }

    /**
     * Looks at a Job that has not ended.
     *
     * @param job as it was last written, as far as this controller wrote it
     * @param pods those it controls, likewise
     */
    Outcome sync(Job job, List<Pod> pods) throws InterruptedException {
        String uid = job.getMetadata().getUid();
        JobPlan plan = JobDecision.plan(job, pods, backoffs.computeIfAbsent(uid, any -> seen(pods)), clock.instant());
        Optional<Job> written = write(job, plan.status());
        if (written.isEmpty()) {
            return Outcome.done(); // the change that got in between brings the key back
        }
        backoffs.put(uid, plan.backoff());
        plan.notices().forEach(notice -> actions.tell(job, notice));

        Untracked untracked = actions.untrack(job, plan.untrack());
        Set<String> tracked = new HashSet<>(JobTally.of(job, pods).tracked());
        untracked.pods().forEach(pod -> tracked.remove(JobPod.uid(pod)));
        JobStatus settled = JobDecision.settled(job, plan, written.get().getStatus(), tracked, clock.instant());
        Optional<Job> ended = write(written.get(), settled);
        if (ended.isEmpty()) {
            return Outcome.done();
        }
        JobFacts.ending(ended.get()).ifPresent(ending -> tellEnd(ended.get(), ending));
        untracked.error().ifPresent(error -> {
            throw error;
        });
        actions.delete(
                job,
                plan.delete().stream()
                        .filter(pod -> !tracked.contains(JobPod.uid(pod)))
                        .toList());
        actions.create(job, plan.create());
        return plan.again().map(Outcome::again).orElseGet(Outcome::done);
    }

    /** The Job has ended or is gone. */
    void forget(String uid) {
        backoffs.remove(uid);
    }

    /** What the pods say that were counted before this controller saw them. */
    private static Backoff seen(List<Pod> pods) {
        List<Pod> counted = pods.stream().filter(pod -> !JobPod.isTracked(pod)).toList();
        return Backoff.NONE.after(
                counted.stream().filter(JobPod::hasSucceeded).toList(),
                counted.stream().filter(JobPod::hasEndedInFailure).toList());
    }

    private Optional<Job> write(Job job, JobStatus status) {
        @Nullable JobStatus old = job.getStatus();
        return status.equals(old) ? Optional.of(job) : actions.writeStatus(job, status);
    }

    private void tellEnd(Job job, JobCondition ending) {
        if (ending.getType().equals(JobFacts.FAILED)) {
            actions.tell(
                    job,
                    Notice.warning(
                            Objects.requireNonNullElse(ending.getReason(), ""),
                            Objects.requireNonNullElse(ending.getMessage(), "")));
            return;
        }
        int succeeded = Objects.requireNonNullElse(job.getStatus().getSucceeded(), 0);
        if (succeeded > JobFacts.completions(job).orElse(Integer.MAX_VALUE)) {
            actions.tell(
                    job,
                    Notice.warning(
                            "TooManySucceededPods", "Too many succeeded pods running after completion count reached"));
        }
        actions.tell(job, Notice.normal("Completed", "Job completed"));
    }
}
