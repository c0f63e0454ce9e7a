package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.Optional;

/**
 * What is done about a CronJob. A method that throws may have done its work all the same; the next look at the CronJob
 * must show everything that was done.
 */
interface CronJobActions {

    /** The CronJob with a new status; empty when it changed since it was read, or is gone. */
    Optional<CronJob> writeStatus(CronJob cronJob, CronJobStatus status);

    /** The Job as it is on the server, new or made by an earlier attempt; empty when it can't be there. */
    Optional<Job> begin(CronJob cronJob, Job job);

    /** Removes a Job and its pods. */
    void remove(CronJob cronJob, Job job);

    void tell(CronJob cronJob, Notice notice);
}
