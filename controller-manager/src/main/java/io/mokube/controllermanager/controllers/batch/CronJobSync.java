package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mokube.client.reconcile.Outcome;
import io.mokube.controllermanager.controllers.batch.CronJobDecision.Plan;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what is decided about a CronJob. It may be stopped between any two actions and begun anew: the Job of a time
 * has a name made from the time, so there is one of it.
 */
final class CronJobSync {

    private final CronJobActions actions;
    private final ZoneId local;
    private final InstantSource clock;

    /**
     * @param local the zone of schedules that name none
     */
    CronJobSync(CronJobActions actions, ZoneId local, InstantSource clock) {
        this.actions = actions;
        this.local = local;
        this.clock = clock;
    }

    /**
     * Looks at a CronJob.
     *
     * @param cronJob as it was last written, as far as this controller wrote it
     * @param jobs those it controls, likewise
     */
    Outcome sync(CronJob cronJob, List<Job> jobs) {
        Plan plan = CronJobDecision.plan(cronJob, jobs, local, clock.instant());
        plan.notices().forEach(notice -> actions.tell(cronJob, notice));
        plan.remove().forEach(job -> actions.remove(cronJob, job));
        CronJobStatus status = plan.status();
        if (plan.begin().isPresent()) {
            Instant time = plan.begin().get();
            plan.replace().forEach(job -> actions.remove(cronJob, job));
            Optional<Job> begun = actions.begin(cronJob, CronJobDecision.job(cronJob, time));
            if (begun.isPresent()) {
                status = CronJobDecision.begun(status, begun.get(), plan.replace(), time);
            }
        }
        @Nullable CronJobStatus old = cronJob.getStatus();
        if (!status.equals(old) && actions.writeStatus(cronJob, status).isEmpty()) {
            return Outcome.done(); // the change that got in between brings the key back
        }
        return plan.again().map(Outcome::again).orElseGet(Outcome::done);
    }
}
