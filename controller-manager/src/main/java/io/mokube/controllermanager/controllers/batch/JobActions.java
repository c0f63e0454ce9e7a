package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Draft;
import java.util.List;
import java.util.Optional;

/**
 * What is done about a Job. A method that throws may have done its work all the same, or a part of it; the next look at
 * the Job must show everything that was done.
 */
interface JobActions {

    /** The Job with a new status; empty when it changed since it was read, or is gone. */
    Optional<Job> writeStatus(Job job, JobStatus status);

    /**
     * Takes the finalizer off pods, each as long as it is as it was read. One that changed is left as it is, and one that
     * is gone has lost it.
     *
     * @return the pods without it, and the first error
     */
    Untracked untrack(Job job, List<Pod> pods) throws InterruptedException;

    void delete(Job job, List<Pod> pods) throws InterruptedException;

    void create(Job job, List<Draft> drafts) throws InterruptedException;

    void tell(Job job, Notice notice);

    /** The pods that lost the finalizer, and the first error of those that did not. */
    record Untracked(List<Pod> pods, Optional<RuntimeException> error) {}
}
