package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ModelKind;
import io.mokube.controllermanager.controllers.ModelKind.Refused;
import io.mokube.controllermanager.controllers.ModelServer;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Draft;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A cluster small enough to be wrong in every way: a store with versions, caches that lag behind it each at its own pace,
 * and the Job and CronJob controllers, whose requests may get lost before or after they are carried out, and who may be
 * killed at any of them. What decides and carries out is the real thing; only informers and requests are played.
 *
 * <p>It keeps books of its own on every pod that is counted, and complains at once when one is counted twice or lost.
 */
final class BatchCluster extends ModelServer implements JobActions, CronJobActions {

    /** What becomes of a request. */
    enum Fault {
        NONE,
        LOST,
        UNANSWERED,
        KILLED_BEFORE,
        KILLED_AFTER
    }

    /** The controllers are gone in the middle of something. */
    private static final class Killed extends RuntimeException {}

    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    final ModelKind<CronJob> cronJobs = kind();
    final ModelKind<Job> jobs = kind();

    private final InstantSource clock;
    private final Supplier<Fault> faults;
    private final Consumer<String> diary;
    private int restarts;

    private boolean waitsForStatus = true;
    private boolean waitsForPods = true;

    private OwnWrites jobStatuses = new OwnWrites();
    private OwnWrites jobPods = new OwnWrites();
    private OwnWrites cronJobStatuses = new OwnWrites();
    private OwnWrites cronJobJobs = new OwnWrites();
    private Map<String, Deque<String>> unanswered = new HashMap<>();
    private JobSync jobSync;
    private CronJobSync cronJobSync;

    /** The pods that were ever written down, by UID. */
    final Set<String> countedSucceeded = new HashSet<>();

    final Set<String> countedFailed = new HashSet<>();

    /**
     * @param diary is told every event
     */
    BatchCluster(InstantSource clock, Supplier<Fault> faults, Consumer<String> diary) {
        this.clock = clock;
        this.faults = faults;
        this.diary = diary;
        this.jobSync = new JobSync(this, clock);
        this.cronJobSync = new CronJobSync(this, ZoneOffset.UTC, clock);
    }

    // -- faults of a controller, planted to see whether they are found ------------------------------------------------

    /** Decides on a status that is older than its own last one. */
    void dontWaitForStatus() {
        waitsForStatus = false;
    }

    /** Decides on pods without those it made or changed. */
    void dontWaitForPods() {
        waitsForPods = false;
    }

    // -- what users, nodes and bad luck do --------------------------------------------------------------------------

    Job create(Job job) {
        return jobs.store(new JobBuilder(job)
                .editMetadata()
                .withUid("job-" + nextName())
                .withGeneration(1L)
                .withCreationTimestamp(Times.format(clock.instant()))
                .endMetadata()
                .build());
    }

    void create(CronJob cronJob) {
        cronJobs.store(new CronJobBuilder(cronJob)
                .editMetadata()
                .withNamespace("default")
                .withUid("cron-" + nextName())
                .withCreationTimestamp(Times.format(clock.instant()))
                .endMetadata()
                .build());
    }

    void starts(Pod pod) {
        if (PodFacts.isActive(pod) && !PodFacts.isReady(pod)) {
            pods.store(Pods.ready(pod, clock.instant()));
        }
    }

    void ends(Pod pod, int exitCode) {
        if (!PodFacts.isFinished(pod)) {
            pods.store(Pods.exited(pod, exitCode, clock.instant()));
        }
    }

    void isToldToGo(Pod pod) {
        if (!Ownership.isBeingDeleted(pod)) {
            pods.store(Pods.deleting(pod, clock.instant()));
        }
    }

    /** A pod that was told to go is gone once nothing keeps it. */
    void goes(Pod pod) {
        if (Ownership.isBeingDeleted(pod) && !JobPod.isTracked(pod)) {
            pods.remove(Ownership.key(pod));
        }
    }

    /** How often the controllers were killed or restarted. */
    int restarts() {
        return restarts;
    }

    void restartControllers() {
        restarts++;
        jobStatuses = new OwnWrites();
        jobPods = new OwnWrites();
        cronJobStatuses = new OwnWrites();
        cronJobJobs = new OwnWrites();
        unanswered = new HashMap<>();
        jobSync = new JobSync(this, clock);
        cronJobSync = new CronJobSync(this, ZoneOffset.UTC, clock);
        cronJobs.relist();
        jobs.relist();
        pods.relist();
    }

    List<Pod> podsOf(Job job) {
        return pods.liveOf(job);
    }

    // -- the controllers, as their shells do it ---------------------------------------------------------------------

    Outcome reconcileJob(ObjectKey key) {
        Job job = jobs.cache.get(key);
        if (job == null || JobFacts.isFinished(job)) {
            return Outcome.done();
        }
        String uid = job.getMetadata().getUid();
        return unlessKilled(() -> {
            jobStatuses.settle(uid, asked -> Optional.ofNullable(jobs.live.get(asked)));
            jobPods.settle(uid, asked -> Optional.ofNullable(pods.live.get(asked)))
                    .forEach(found -> unanswered.values().forEach(names -> names.remove(found.name())));
            if ((waitsForStatus && !jobStatuses.observed(uid, jobs.cache::get, jobs.version()))
                    || (waitsForPods && !jobPods.observed(uid, pods.cache::get, pods.version()))) {
                return Outcome.again(CACHE_CHECK);
            }
            List<Pod> owned = pods.cacheOf(job);
            try {
                return jobSync.sync(job, owned);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    Outcome reconcileCronJob(ObjectKey key) {
        CronJob cronJob = cronJobs.cache.get(key);
        if (cronJob == null) {
            return Outcome.done();
        }
        String uid = cronJob.getMetadata().getUid();
        return unlessKilled(() -> {
            cronJobStatuses.settle(uid, asked -> Optional.ofNullable(cronJobs.live.get(asked)));
            cronJobJobs.settle(uid, asked -> Optional.ofNullable(jobs.live.get(asked)));
            if (!cronJobStatuses.observed(uid, cronJobs.cache::get, cronJobs.version())
                    || !cronJobJobs.observed(uid, jobs.cache::get, jobs.version())) {
                return Outcome.again(CACHE_CHECK);
            }
            List<Job> owned = jobs.cacheOf(cronJob);
            return cronJobSync.sync(cronJob, owned);
        });
    }

    private Outcome unlessKilled(Supplier<Outcome> work) {
        try {
            return work.get();
        } catch (Killed e) {
            restartControllers();
            throw new ConnectionException("killed");
        }
    }

    /** What the second loop does: nobody holds on to a pod whose Job has ended or is gone. */
    void letGoOrphan(Pod pod) {
        boolean needed = Ownership.controllerOf(pod)
                .map(owner -> jobs.live.get(new ObjectKey("default", owner.getName())))
                .filter(job -> Ownership.isControlledBy(pod, job) && !JobFacts.isFinished(job))
                .isPresent();
        if (JobPod.isTracked(pod) && !needed) {
            pods.store(Jobs.untracked(pod));
        }
    }

    // -- requests about Jobs ----------------------------------------------------------------------------------------

    @Override
    public Optional<Job> writeStatus(Job job, JobStatus status) {
        return write(jobStatuses, job, () -> {
            Job stored = jobs.current(job);
            keepBooks(stored, Ledger.of(stored.getStatus()), Ledger.of(status));
            return jobs.store(new JobBuilder(stored).withStatus(status).build());
        });
    }

    private void keepBooks(Job job, Ledger before, Ledger after) {
        noteNew(before.uncountedSucceeded(), after.uncountedSucceeded(), countedSucceeded);
        noteNew(before.uncountedFailed(), after.uncountedFailed(), countedFailed);
        // Fewer completions of an indexed Job cut those off that are done.
        check(
                (after.succeeded() >= before.succeeded() || JobFacts.isIndexed(job))
                        && after.failed() >= before.failed(),
                "a count went down: " + before + " to " + after);
    }

    private void noteNew(Set<String> before, Set<String> after, Set<String> counted) {
        for (String uid : after) {
            if (!before.contains(uid)) {
                check(
                        !countedSucceeded.contains(uid) && !countedFailed.contains(uid),
                        "the pod " + uid + " is counted again");
                check(
                        pods.live.values().stream()
                                .anyMatch(pod -> JobPod.uid(pod).equals(uid) && JobPod.isTracked(pod)),
                        "the pod " + uid + " is counted though it lost the finalizer before");
                counted.add(uid);
            }
        }
    }

    @Override
    public Untracked untrack(Job job, List<Pod> wanted) {
        List<Pod> without = new ArrayList<>();
        Optional<RuntimeException> first = Optional.empty();
        for (Pod pod : wanted) {
            try {
                Optional<Pod> written = write(jobPods, job, Ownership.key(pod), () -> {
                    Pod stored = pods.current(pod);
                    checkCounted(stored, job);
                    return pods.store(Jobs.untracked(stored));
                });
                written.ifPresent(any -> without.add(pod));
            } catch (ConnectionException e) {
                first = first.or(() -> Optional.of(e));
            }
        }
        return new Untracked(without, first);
    }

    /** Whoever lets a pod go that has ended must have counted it. */
    private void checkCounted(Pod pod, Job read) {
        Job job = jobs.live.get(Ownership.key(read));
        String uid = JobPod.uid(pod);
        if (!PodFacts.isFinished(pod) || job == null || countedFailed.contains(uid)) {
            return;
        }
        if (JobFacts.isIndexed(job)) {
            int index = JobPod.index(pod).orElse(Integer.MAX_VALUE);
            int completions = JobFacts.completions(job).orElseThrow();
            boolean known = Indexes.parse(job.getStatus().getCompletedIndexes(), completions)
                            .contains(index)
                    || Indexes.parse(job.getStatus().getFailedIndexes(), completions)
                            .contains(index);
            check(
                    index >= JobFacts.completions(read).orElseThrow()
                            || (JobPod.hasSucceeded(pod)
                                    ? known || index >= completions
                                    : !FailureHandling.of(job, pod).counts()),
                    "the end of pod " + uid + " of index " + index + " is lost");
            return;
        }
        check(
                JobPod.hasSucceeded(pod)
                        ? countedSucceeded.contains(uid)
                        : !FailureHandling.of(job, pod).counts(),
                "the end of pod " + uid + " is lost");
    }

    @Override
    public void delete(Job job, List<Pod> surplus) {
        for (Pod pod : surplus) {
            request(
                    () -> {
                        Pod stored = pods.live.get(Ownership.key(pod));
                        if (stored != null) {
                            isToldToGo(stored);
                        }
                        return pod;
                    },
                    failure -> jobPods.failed(job.getMetadata().getUid(), Ownership.key(pod), failure));
            jobPods.deleted(job.getMetadata().getUid(), pod);
        }
    }

    @Override
    public void create(Job job, List<Draft> drafts) {
        for (Draft draft : drafts) {
            checkNeeded(job, draft);
            Deque<String> again = unanswered.computeIfAbsent(
                    job.getMetadata().getUid() + "/" + draft.slot(), slot -> new ArrayDeque<>());
            String name = again.isEmpty() ? draft.base() + nextName() : again.remove();
            ObjectKey key = new ObjectKey("default", name);
            Pod there = pods.live.get(key);
            Pod created = there != null
                    ? there
                    : request(() -> pods.store(pod(job, draft, name)), failure -> {
                        jobPods.failed(job.getMetadata().getUid(), key, failure);
                        again.add(name);
                    });
            jobPods.stored(job.getMetadata().getUid(), created);
        }
    }

    /** An index that is done for good gets no pod any more. */
    private void checkNeeded(Job read, Draft draft) {
        Job job = jobs.live.get(Ownership.key(read));
        if (job == null || !JobFacts.isIndexed(job)) {
            return;
        }
        Pod pod = new PodBuilder().withMetadata(draft.template().getMetadata()).build();
        int index = JobPod.index(pod).orElseThrow();
        int completions = JobFacts.completions(job).orElseThrow();
        check(
                !Indexes.parse(job.getStatus().getCompletedIndexes(), completions)
                                .contains(index)
                        && !Indexes.parse(job.getStatus().getFailedIndexes(), completions)
                                .contains(index),
                "a pod is made for index " + index + ", which is done");
    }

    private Pod pod(Job job, Draft draft, String name) {
        return new PodBuilder()
                .withMetadata(draft.template().getMetadata())
                .editMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + nextName())
                .withCreationTimestamp(Times.format(clock.instant()))
                .withOwnerReferences(Ownership.controllerReference(job))
                .endMetadata()
                .withSpec(draft.template().getSpec())
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build();
    }

    @Override
    public void tell(Job job, Notice notice) {
        diary.accept(job.getMetadata().getName() + ": " + notice.reason() + " " + notice.message());
    }

    // -- requests about CronJobs ------------------------------------------------------------------------------------

    @Override
    public Optional<CronJob> writeStatus(CronJob cronJob, CronJobStatus status) {
        return write(
                cronJobStatuses,
                cronJob,
                () -> cronJobs.store(new CronJobBuilder(cronJobs.current(cronJob))
                        .withStatus(status)
                        .build()));
    }

    @Override
    public Optional<Job> begin(CronJob cronJob, Job job) {
        Job there = jobs.live.get(Ownership.key(job));
        if (there != null) {
            return Optional.of(there).filter(found -> Ownership.isControlledBy(found, cronJob));
        }
        return write(cronJobJobs, cronJob, Ownership.key(job), () -> {
            diary.accept(cronJob.getMetadata().getName() + ": began "
                    + job.getMetadata().getName());
            return create(job);
        });
    }

    @Override
    public void remove(CronJob cronJob, Job job) {
        request(
                () -> {
                    remove(job);
                    return job;
                },
                failure -> cronJobJobs.failed(cronJob.getMetadata().getUid(), Ownership.key(job), failure));
        cronJobJobs.deleted(cronJob.getMetadata().getUid(), job);
    }

    /** The Job goes, and its pods with it. */
    void remove(Job job) {
        jobs.remove(Ownership.key(job));
        podsOf(job).forEach(this::isToldToGo);
    }

    @Override
    public void tell(CronJob cronJob, Notice notice) {
        diary.accept(cronJob.getMetadata().getName() + ": " + notice.reason() + " " + notice.message());
    }

    // ---------------------------------------------------------------------------------------------------------------

    private <T extends HasMetadata> Optional<T> write(OwnWrites writes, T object, Supplier<T> write) {
        return write(writes, object, Ownership.key(object), write);
    }

    /** Carries a write out and remembers it; empty when it was refused. */
    private <T extends HasMetadata> Optional<T> write(
            OwnWrites writes, HasMetadata owner, ObjectKey key, Supplier<T> write) {
        String uid = owner.getMetadata().getUid();
        try {
            T written = request(write, failure -> writes.failed(uid, key, failure));
            writes.stored(uid, written);
            return Optional.of(written);
        } catch (Refused e) {
            return Optional.empty();
        }
    }

    private <T> T request(Supplier<T> write, Consumer<ConnectionException> failed) {
        Fault fault = faults.get();
        if (fault == Fault.KILLED_BEFORE) {
            throw new Killed();
        }
        ConnectionException cut = new ConnectionException("cut");
        if (fault == Fault.LOST) {
            failed.accept(cut);
            throw cut;
        }
        T answer = write.get();
        if (fault == Fault.KILLED_AFTER) {
            throw new Killed();
        }
        if (fault == Fault.UNANSWERED) {
            failed.accept(cut);
            throw cut;
        }
        return answer;
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
