package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Draft;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What to do about a Job, in this order: write the status, take the finalizer off pods, write the status again, change the
 * pods. Each part may be the last one carried out.
 *
 * @param status to be written first
 * @param notices what this status makes known
 * @param untrack the pods that are to lose the finalizer: written down in the status, or given up
 * @param delete the pods that are too many, if they lost the finalizer
 * @param create the pods that are missing
 * @param backoff the state of the waits after failures, once the status is written
 * @param again when to look again though nothing changes
 * @param verdict whether the Job goes on
 * @param mayEnd whether nothing runs and nothing is left to be written down
 */
record JobPlan(
        JobStatus status,
        List<Notice> notices,
        List<Pod> untrack,
        List<Pod> delete,
        List<Draft> create,
        Backoff backoff,
        Optional<Duration> again,
        Verdict verdict,
        boolean mayEnd) {}
