package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatusBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.cron.CronSchedule;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which Jobs a CronJob should begin and remove, and what its status should say. Pure. */
final class CronJobDecision {

    /** So many missed times hint at a wrong clock. */
    private static final int MANY = 100;

    /** Clocks of a cluster differ a little: a time is looked for when it has surely come. */
    private static final Duration PADDING = Duration.ofMillis(100);

    private static final Comparator<Job> OLDEST_FIRST = Comparator.<Job, Instant>comparing(
                    job -> Optional.ofNullable(job.getStatus())
                            .flatMap(status -> Times.parse(status.getStartTime()))
                            .orElse(Instant.MAX))
            .thenComparing(job -> job.getMetadata().getName());

    private CronJobDecision() {}

    /**
     * What to do, in this order: tell, remove, begin, write the status.
     *
     * @param remove finished Jobs beyond the history limits
     * @param replace Jobs that run and give way to the next
     * @param begin the time whose Job is to begin; it becomes the last schedule time, and the Job active
     * @param status without the Job that begins and those that give way
     * @param again when the next time comes
     */
    record Plan(
            List<Notice> notices,
            List<Job> remove,
            List<Job> replace,
            Optional<Instant> begin,
            CronJobStatus status,
            Optional<Duration> again) {}

    /** The time that is to be served now, if any, and when to look again. */
    private record Due(List<Notice> notices, Optional<Instant> time, Optional<Duration> again) {}

    /**
     * Plans for a CronJob.
     *
     * @param jobs those it controls
     * @param local the zone of schedules that name none
     */
    static Plan plan(CronJob cronJob, Collection<Job> jobs, ZoneId local, Instant now) {
        List<Notice> notices = new ArrayList<>();
        List<Job> sorted = jobs.stream().sorted(OLDEST_FIRST).toList();
        CronJobStatus status = cronJob.getStatus() == null
                ? new CronJobStatus()
                : new CronJobStatusBuilder(cronJob.getStatus()).build();
        Map<String, Job> byUid = new HashMap<>();
        sorted.forEach(job -> byUid.put(job.getMetadata().getUid(), job));
        List<ObjectReference> active = new ArrayList<>();
        for (ObjectReference reference : active(cronJob)) {
            @Nullable Job job = byUid.get(reference.getUid());
            if (job == null) {
                notices.add(Notice.normal("MissingJob", "Active job went missing: " + reference.getName()));
            } else if (JobFacts.isFinished(job)) {
                notices.add(Notice.normal(
                        "SawCompletedJob",
                        "Saw completed job: " + reference.getName() + ", condition: "
                                + JobFacts.ending(job).orElseThrow().getType()));
            } else {
                active.add(reference);
            }
        }
        status.setActive(active);
        lastSuccess(cronJob, sorted).ifPresent(time -> status.setLastSuccessfulTime(Times.format(time)));

        if (Ownership.isBeingDeleted(cronJob)) {
            return new Plan(notices, List.of(), List.of(), Optional.empty(), status, Optional.empty());
        }
        Due due = due(cronJob, active, local, now);
        notices.addAll(due.notices());
        for (Job job : sorted) {
            boolean known = active(cronJob).stream()
                    .anyMatch(reference ->
                            reference.getUid().equals(job.getMetadata().getUid()));
            boolean beginsNow = due.time()
                    .filter(time ->
                            jobName(cronJob, time).equals(job.getMetadata().getName()))
                    .isPresent();
            if (!known && !beginsNow && !JobFacts.isFinished(job) && !Ownership.isBeingDeleted(job)) {
                notices.add(Notice.warning(
                        "UnexpectedJob",
                        "Saw a job that the controller did not create or forgot: "
                                + job.getMetadata().getName()));
            }
        }
        boolean replaces = due.time().isPresent() && isPolicy(cronJob, "Replace");
        return new Plan(
                notices,
                history(cronJob, sorted),
                replaces
                        ? active.stream()
                                .map(reference -> Objects.requireNonNull(byUid.get(reference.getUid())))
                                .toList()
                        : List.of(),
                due.time(),
                status,
                due.again());
    }

    private static List<ObjectReference> active(CronJob cronJob) {
        @Nullable CronJobStatus status = cronJob.getStatus();
        @Nullable List<ObjectReference> active = status == null ? null : status.getActive();
        return active == null ? List.of() : active;
    }

    private static boolean isPolicy(CronJob cronJob, String policy) {
        return policy.equals(cronJob.getSpec().getConcurrencyPolicy());
    }

    private static Optional<Instant> lastSuccess(CronJob cronJob, List<Job> jobs) {
        List<Instant> times = new ArrayList<>();
        for (Job job : jobs) {
            if (JobFacts.isTrue(job.getStatus(), JobFacts.COMPLETE).isPresent()) {
                Times.parse(job.getStatus().getCompletionTime()).ifPresent(times::add);
            }
        }
        if (cronJob.getStatus() != null) {
            Times.parse(cronJob.getStatus().getLastSuccessfulTime()).ifPresent(times::add);
        }
        return times.stream().max(Instant::compareTo);
    }

    /** The oldest finished Jobs beyond the limits of those that succeeded and those that failed. */
    private static List<Job> history(CronJob cronJob, List<Job> oldestFirst) {
        List<Job> surplus = new ArrayList<>();
        surplus.addAll(
                beyond(cronJob.getSpec().getSuccessfulJobsHistoryLimit(), ended(oldestFirst, JobFacts.COMPLETE)));
        surplus.addAll(beyond(cronJob.getSpec().getFailedJobsHistoryLimit(), ended(oldestFirst, JobFacts.FAILED)));
        return surplus;
    }

    private static List<Job> ended(List<Job> jobs, String how) {
        return jobs.stream()
                .filter(job -> !Ownership.isBeingDeleted(job))
                .filter(job -> JobFacts.isTrue(job.getStatus(), how).isPresent())
                .toList();
    }

    private static List<Job> beyond(@Nullable Integer limit, List<Job> oldestFirst) {
        return limit == null ? List.of() : oldestFirst.subList(0, Math.max(0, oldestFirst.size() - limit));
    }

    // -- time -------------------------------------------------------------------------------------------------------

    private static Due due(CronJob cronJob, List<ObjectReference> active, ZoneId local, Instant now) {
        if (Boolean.TRUE.equals(cronJob.getSpec().getSuspend())) {
            return never();
        }
        String text = cronJob.getSpec().getSchedule();
        CronSchedule schedule;
        ZoneId zone;
        try {
            zone = zone(cronJob, local);
        } catch (DateTimeException e) {
            String name = cronJob.getSpec().getTimeZone();
            return never(
                    Notice.warning("UnknownTimeZone", "invalid timeZone: \"" + name + "\": unknown time zone " + name));
        }
        try {
            schedule = CronSchedule.parse(text);
        } catch (IllegalArgumentException e) {
            return never(Notice.warning(
                    "UnparseableSchedule", "unparseable schedule: \"" + text + "\" : " + e.getMessage()));
        }
        Instant last = lastServed(cronJob);
        if (schedule.next(last, zone).isEmpty()) {
            return never(Notice.warning(
                    "InvalidSchedule",
                    "invalid schedule: " + text + " : time difference between two schedules is less than 1 second"));
        }
        Optional<Duration> again = untilNext(schedule, last, zone, now);
        @Nullable Long deadline = cronJob.getSpec().getStartingDeadlineSeconds();
        Instant earliest = last;
        if (deadline != null
                && now.minusSeconds(Math.min(deadline, Verdict.LONGEST_SECONDS)).isAfter(last)) {
            earliest = now.minusSeconds(deadline);
        }
        Optional<Instant> latest = schedule.latest(earliest, now, zone);
        if (latest.isEmpty()) {
            return new Due(List.of(), Optional.empty(), again);
        }
        List<Notice> notices = new ArrayList<>();
        if (isMoreThanMany(schedule, earliest, now, zone)) {
            notices.add(Notice.warning(
                    "TooManyMissedTimes",
                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"));
        }
        Instant time = latest.get();
        if (active.stream().anyMatch(reference -> reference.getName().equals(jobName(cronJob, time)))) {
            return new Due(notices, Optional.empty(), again); // of @every, two times within one minute
        }
        if (isPolicy(cronJob, "Forbid") && !active.isEmpty()) {
            notices.add(Notice.normal(
                    "JobAlreadyActive",
                    "Not starting job because prior execution is running and concurrency policy is Forbid"));
            return new Due(notices, Optional.empty(), again);
        }
        return new Due(notices, Optional.of(time), again);
    }

    private static Due never(Notice... why) {
        return new Due(List.of(why), Optional.empty(), Optional.empty());
    }

    /** The last time that had its Job; before the first, when the CronJob was made. */
    private static Instant lastServed(CronJob cronJob) {
        return Optional.ofNullable(cronJob.getStatus())
                .flatMap(status -> Times.parse(status.getLastScheduleTime()))
                .or(() -> Times.parse(cronJob.getMetadata().getCreationTimestamp()))
                .orElse(Instant.EPOCH);
    }

    private static boolean isMoreThanMany(CronSchedule schedule, Instant after, Instant until, ZoneId zone) {
        Optional<Instant> time = schedule.next(after, zone);
        for (int missed = 0; time.isPresent() && !time.get().isAfter(until); missed++) {
            if (missed == MANY) {
                return true;
            }
            time = schedule.next(time.get(), zone);
        }
        return false;
    }

    private static Optional<Duration> untilNext(CronSchedule schedule, Instant last, ZoneId zone, Instant now) {
        Instant from = schedule.latest(last, now, zone).orElse(last);
        return schedule.next(from, zone).map(next -> Duration.between(now, next).plus(PADDING));
    }

    /**
     * How long until a schedule that was changed a moment ago comes to its next time; times it would have had before don't
     * count as missed. Empty when it has none.
     */
    static Optional<Duration> untilNext(CronJob cronJob, ZoneId local, Instant now) {
        try {
            return untilNext(
                    CronSchedule.parse(cronJob.getSpec().getSchedule()),
                    lastServed(cronJob),
                    zone(cronJob, local),
                    now);
        } catch (IllegalArgumentException | DateTimeException e) {
            return Optional.empty();
        }
    }

    private static ZoneId zone(CronJob cronJob, ZoneId local) {
        @Nullable String name = cronJob.getSpec().getTimeZone();
        return name == null ? local : ZoneId.of(name);
    }

    // -- the Job ----------------------------------------------------------------------------------------------------

    /** The name of the Job of a time: the same however often it is tried, so that there is one. */
    static String jobName(CronJob cronJob, Instant time) {
        return cronJob.getMetadata().getName() + "-" + time.getEpochSecond() / 60;
    }

    /** The Job of a time, made from the template. */
    static Job job(CronJob cronJob, Instant time) {
        ZoneId zone = zone(cronJob, ZoneOffset.UTC);
        var template = cronJob.getSpec().getJobTemplate();
        var job = new JobBuilder()
                .withNewMetadata()
                .withNamespace(Ownership.namespace(cronJob))
                .withName(jobName(cronJob, time))
                .withOwnerReferences(Ownership.controllerReference(cronJob))
                .endMetadata()
                .withSpec(template.getSpec());
        if (template.getMetadata() != null) {
            job.editMetadata()
                    .withLabels(template.getMetadata().getLabels())
                    .withAnnotations(template.getMetadata().getAnnotations())
                    .endMetadata();
        }
        return job.editMetadata()
                .addToAnnotations(
                        "batch.kubernetes.io/cronjob-scheduled-timestamp",
                        DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time.atZone(zone)))
                .endMetadata()
                .build();
    }

    /** The status once the Job of a time is there, and others gave way to it. */
    static CronJobStatus begun(CronJobStatus status, Job job, List<Job> gaveWay, Instant time) {
        List<ObjectReference> active = new ArrayList<>(status.getActive());
        for (Job gone : gaveWay) {
            active.removeIf(
                    reference -> reference.getUid().equals(gone.getMetadata().getUid()));
        }
        String uid = job.getMetadata().getUid();
        // One of an earlier attempt, or of @every within the same minute, may have ended already.
        if (!JobFacts.isFinished(job)
                && active.stream().noneMatch(reference -> reference.getUid().equals(uid))) {
            active.add(reference(job));
        }
        return new CronJobStatusBuilder(status)
                .withActive(active)
                .withLastScheduleTime(Times.format(time))
                .build();
    }

    private static ObjectReference reference(Job job) {
        ObjectReference reference = new ObjectReference();
        reference.setApiVersion("batch/v1");
        reference.setKind("Job");
        reference.setNamespace(job.getMetadata().getNamespace());
        reference.setName(job.getMetadata().getName());
        reference.setUid(job.getMetadata().getUid());
        reference.setResourceVersion(job.getMetadata().getResourceVersion());
        return reference;
    }
}
