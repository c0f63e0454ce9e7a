package io.mokube.controllermanager.controllers.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.client.queue.WorkQueue;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ModelKind;
import io.mokube.controllermanager.controllers.batch.BatchCluster.Fault;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.cron.CronSchedule;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * A week of CronJobs in simulated time: the real queues, decisions and steps of the CronJob, Job and TTL controllers in a
 * model of a cluster, with pods that take their time and fail by chance, requests that get lost and controllers that are
 * killed. The seed alone decides what happens.
 */
class CronJobWeekTest {

    /** A Monday; the clocks of New York change on its Sunday. */
    private static final Instant START = Instant.parse("2026-03-02T00:00:00Z");

    private static final Duration WEEK = Duration.ofDays(7);
    private static final int CRON_JOBS = 36;

    private static final List<String> SCHEDULES = List.of(
            "*/20 * * * *",
            "@hourly",
            "15 */2 * * *",
            "0 9-17 * * mon-fri",
            "@daily",
            "30 2 * * *",
            "5 4 * * sun,wed",
            "@every 45m",
            "0 0 13 * fri",
            "*/30 1-3 * * *");
    private static final List<String> ZONES =
            List.of("Etc/UTC", "America/New_York", "Europe/Vienna", "Asia/Kathmandu", "Australia/Lord_Howe");
    private static final List<String> POLICIES = List.of("Allow", "Forbid", "Replace");

    /** How the pods of a CronJob behave. */
    private record Nature(Duration longest, int failuresInHundred) {}

    private static final class Week {
        private final Random random;
        private final SimulatedClock clock = new SimulatedClock(START);
        private final List<String> diary = new ArrayList<>();
        private final BatchCluster cluster;
        private final WorkQueue<ObjectKey> cronJobs;
        private final WorkQueue<ObjectKey> jobs;
        private final WorkQueue<ObjectKey> ended;
        private final Map<String, Nature> natures = new HashMap<>();
        private final Set<ModelKind<?>> onTheWay = new HashSet<>();
        private final Set<String> knownPods = new HashSet<>();
        private final Set<String> leavingPods = new HashSet<>();
        private int requests;

        Week(long seed) {
            random = new Random(seed);
            Platform platform = new Platform(clock, random, new SimpleMeterRegistry());
            cronJobs = new WorkQueue<>("cronjobs", platform);
            jobs = new WorkQueue<>("jobs", platform);
            ended = new WorkQueue<>("ended jobs", platform);
            cluster = new BatchCluster(clock, this::fault, event -> diary.add(clock.instant() + " " + event));
            for (int i = 0; i < CRON_JOBS; i++) {
                cluster.create(cronJob(i));
            }
        }

        private Fault fault() {
            requests++;
            Fault[] all = Fault.values();
            return random.nextInt(500) > 0 ? Fault.NONE : all[1 + random.nextInt(all.length - 1)];
        }

        private CronJob cronJob(int number) {
            String name = "cron" + number;
            natures.put(name, new Nature(Duration.ofSeconds(60L * (1 + random.nextInt(90))), 10 * random.nextInt(4)));
            return new CronJobBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .endMetadata()
                    .withNewSpec()
                    .withSchedule(SCHEDULES.get(number % SCHEDULES.size()))
                    .withTimeZone(ZONES.get(random.nextInt(ZONES.size())))
                    .withConcurrencyPolicy(POLICIES.get(number % POLICIES.size()))
                    .withSuccessfulJobsHistoryLimit(3)
                    .withFailedJobsHistoryLimit(1)
                    .withNewJobTemplate()
                    .withSpec(Jobs.job(1 + random.nextInt(2), 1 + random.nextInt(2))
                            .editSpec()
                            .withBackoffLimit(random.nextInt(4))
                            .withTtlSecondsAfterFinished(random.nextInt(4) == 0 ? 600 : null)
                            .endSpec()
                            .build()
                            .getSpec())
                    .endJobTemplate()
                    .endSpec()
                    .build();
        }

        Week run(Duration time) {
            lookAtEverything();
            while (clock.instant().isBefore(START.plus(time))) {
                work();
                clock.advanceToNext();
            }
            return this;
        }

        private void lookAtEverything() {
            cluster.cronJobs.live.keySet().forEach(cronJobs::add);
            cluster.jobs.live.keySet().forEach(jobs::add);
            cluster.jobs.live.keySet().forEach(ended::add);
        }

        /** The controllers work until nothing waits; what they write is on its way to the caches. */
        private void work() {
            boolean any = true;
            while (any) {
                any = work(cronJobs, cluster::reconcileCronJob)
                        || work(jobs, cluster::reconcileJob)
                        || work(ended, this::removeWhenOld);
            }
            deliverLater(cluster.cronJobs, this::seen);
            deliverLater(cluster.jobs, this::seen);
            deliverLater(cluster.pods, this::seen);
        }

        private boolean work(WorkQueue<ObjectKey> queue, Function<ObjectKey, Outcome> reconciler) {
            if (queue.size() == 0) {
                return false;
            }
            int restarts = cluster.restarts();
            ObjectKey key;
            try {
                key = Objects.requireNonNull(queue.take());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            try {
                if (reconciler.apply(key) instanceof Outcome.Again(Duration after)) {
                    queue.addAfter(key, after);
                }
                queue.forget(key);
            } catch (ConnectionException e) {
                queue.addRateLimited(key);
            } finally {
                queue.done(key);
            }
            if (cluster.restarts() > restarts) {
                lookAtEverything();
            }
            return true;
        }

        private Outcome removeWhenOld(ObjectKey key) {
            Optional<Job> job = Optional.ofNullable(cluster.jobs.live.get(key));
            Optional<Duration> left = job.flatMap(each -> TtlAfterFinishedController.timeLeft(each, clock.instant()));
            if (left.isPresent() && left.get().isPositive()) {
                return Outcome.again(left.get());
            }
            if (left.isPresent()) {
                diary.add(clock.instant() + " " + key.name() + ": removed");
                cluster.remove(job.orElseThrow());
            }
            return Outcome.done();
        }

        private <T extends HasMetadata> void deliverLater(ModelKind<T> kind, Consumer<T> seen) {
            if (!kind.isCurrent() && onTheWay.add(kind)) {
                clock.schedule(Duration.ofMillis(5 + random.nextInt(200)), () -> {
                    onTheWay.remove(kind);
                    kind.deliver(Integer.MAX_VALUE).forEach(seen);
                });
            }
        }

        // What the controllers' informers tell them, and nodes do.

        private void seen(CronJob cronJob) {
            cronJobs.add(Ownership.key(cronJob));
        }

        private void seen(Job job) {
            jobs.add(Ownership.key(job));
            ended.add(Ownership.key(job));
            Ownership.controllerOf(job).ifPresent(owner -> cronJobs.add(new ObjectKey("default", owner.getName())));
            if (JobFacts.isFinished(job) || !cluster.jobs.live.containsKey(Ownership.key(job))) {
                cluster.podsOf(job).forEach(cluster::letGoOrphan);
            }
        }

        private void seen(Pod pod) {
            Ownership.controllerOf(pod)
                    .ifPresent(
                            owner -> jobs.addAfter(new ObjectKey("default", owner.getName()), Duration.ofMillis(200)));
            ObjectKey key = Ownership.key(pod);
            if (Ownership.isBeingDeleted(pod)) {
                if (leavingPods.add(JobPod.uid(pod))) {
                    clock.schedule(Duration.ofSeconds(1 + random.nextInt(30)), () -> leave(key));
                }
            } else if (knownPods.add(JobPod.uid(pod))) {
                String job = Ownership.controllerOf(pod).orElseThrow().getName();
                Nature nature = Objects.requireNonNull(natures.get(job.substring(0, job.lastIndexOf('-'))));
                Duration runs = Duration.ofSeconds(
                        1 + random.nextInt((int) nature.longest().toSeconds()));
                int code = random.nextInt(100) < nature.failuresInHundred() ? 1 : 0;
                clock.schedule(Duration.ofSeconds(1), () -> live(key).ifPresent(cluster::starts));
                clock.schedule(
                        runs.plusSeconds(1),
                        () -> live(key)
                                .filter(each -> JobPod.uid(each).equals(JobPod.uid(pod)))
                                .ifPresent(each -> cluster.ends(each, code)));
            }
        }

        private void leave(ObjectKey key) {
            live(key).ifPresent(pod -> cluster.ends(pod, 1));
            live(key).ifPresent(cluster::letGoOrphan);
            live(key).ifPresent(cluster::goes);
            if (live(key).filter(Ownership::isBeingDeleted).isPresent()) {
                clock.schedule(Duration.ofSeconds(1), () -> leave(key)); // somebody has yet to count it
            }
        }

        private Optional<Pod> live(ObjectKey key) {
            return Optional.ofNullable(cluster.pods.live.get(key));
        }

        List<String> begun(CronJob cronJob) {
            String begun = " " + cronJob.getMetadata().getName() + ": began ";
            return diary.stream()
                    .filter(line -> line.contains(begun))
                    .map(line -> line.substring(line.indexOf(begun) + begun.length()))
                    .toList();
        }
    }

    @Test
    void aWeekTakesSecondsAndComesOutTheSame() {
        Week week = new Week(20260302).run(WEEK);
        Week again = new Week(20260302).run(WEEK);
        assertThat(again.diary).isEqualTo(week.diary);
        assertThat(again.requests).isEqualTo(week.requests);
        assertThat(new Week(7).run(Duration.ofDays(1)).diary).isNotEqualTo(new Week(8).run(Duration.ofDays(1)).diary);

        assertThat(week.cluster.restarts()).isPositive();
        assertThat(week.diary).anyMatch(line -> line.contains("BackoffLimitExceeded"));
        assertThat(week.diary).anyMatch(line -> line.contains("JobAlreadyActive"));
        assertThat(week.diary).anyMatch(line -> line.endsWith(": removed"));
        for (CronJob cronJob : week.cluster.cronJobs.live.values()) {
            check(week, cronJob);
        }
    }

    private static void check(Week week, CronJob cronJob) {
        String name = cronJob.getMetadata().getName();
        List<String> begun = week.begun(cronJob);
        assertThat(begun).as(name).doesNotHaveDuplicates();
        List<Instant> times = times(cronJob);
        List<String> scheduled = times.stream()
                .map(time -> CronJobDecision.jobName(cronJob, time))
                .toList();
        assertThat(scheduled).as(name).containsAll(begun);
        if (!cronJob.getSpec().getConcurrencyPolicy().equals("Forbid")) {
            List<String> missed = new ArrayList<>(scheduled);
            missed.removeAll(begun);
            assertThat(missed).as(name).isEmpty();
        }
        List<Job> jobs = week.cluster.jobs.live.values().stream()
                .filter(job -> Ownership.isControlledBy(job, cronJob))
                .toList();
        List<Job> running =
                jobs.stream().filter(job -> !JobFacts.isFinished(job)).toList();
        if (!cronJob.getSpec().getConcurrencyPolicy().equals("Allow")) {
            assertThat(running).as(name).hasSizeLessThanOrEqualTo(1);
        }
        assertThat(jobs.stream()
                        .filter(job -> JobFacts.isTrue(job.getStatus(), JobFacts.COMPLETE)
                                .isPresent()))
                .hasSizeLessThanOrEqualTo(3);
        assertThat(jobs.stream()
                        .filter(job -> JobFacts.isTrue(job.getStatus(), JobFacts.FAILED)
                                .isPresent()))
                .hasSizeLessThanOrEqualTo(1);
        for (Job job : jobs) {
            assertThat(week.cluster.podsOf(job).stream().filter(PodFacts::isActive))
                    .hasSizeLessThanOrEqualTo(JobFacts.parallelism(job));
        }
        if (!begun.isEmpty()) {
            assertThat(cronJob.getStatus().getLastScheduleTime())
                    .as(name)
                    .isEqualTo(Times.format(times.get(scheduled.indexOf(begun.getLast()))));
        }
    }

    /** The times of the week; those of {@code @every} count from the making of the CronJob. */
    private static List<Instant> times(CronJob cronJob) {
        CronSchedule schedule = CronSchedule.parse(cronJob.getSpec().getSchedule());
        ZoneId zone = ZoneId.of(cronJob.getSpec().getTimeZone());
        List<Instant> times = new ArrayList<>();
        Instant time = START;
        while (true) {
            time = schedule.next(time, zone).orElseThrow();
            if (!time.isBefore(START.plus(WEEK))) {
                return times;
            }
            times.add(time);
        }
    }
}
