package io.mokube.controllermanager.controllers.batch;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.UncountedTerminatedPods;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The counters of a Job's status and the pods between two of its pages: ended, written down by UID, not yet counted.
 *
 * <p>A pod is written down while it still carries the finalizer, then loses the finalizer, and is counted when it no
 * longer has it. So wherever the controller is killed, each pod is counted once. Pure.
 *
 * @param uncountedSucceeded UIDs, in the order in which they were written down
 * @param uncountedFailed UIDs
 */
record Ledger(int succeeded, int failed, Set<String> uncountedSucceeded, Set<String> uncountedFailed) {

    static Ledger of(@Nullable JobStatus status) {
        if (status == null) {
            return new Ledger(0, 0, Set.of(), Set.of());
        }
        @Nullable UncountedTerminatedPods uncounted = status.getUncountedTerminatedPods();
        return new Ledger(
                orZero(status.getSucceeded()),
                orZero(status.getFailed()),
                uncounted == null ? Set.of() : set(uncounted.getSucceeded()),
                uncounted == null ? Set.of() : set(uncounted.getFailed()));
    }

    private static Set<String> set(@Nullable List<String> uids) {
        return uids == null ? Set.of() : new LinkedHashSet<>(uids);
    }

    /** Counts the pods that no longer carry the finalizer. */
    Ledger counted(Set<String> tracked) {
        Set<String> stillSucceeded = retain(uncountedSucceeded, tracked);
        Set<String> stillFailed = retain(uncountedFailed, tracked);
        return new Ledger(
                succeeded + uncountedSucceeded.size() - stillSucceeded.size(),
                failed + uncountedFailed.size() - stillFailed.size(),
                stillSucceeded,
                stillFailed);
    }

    private static Set<String> retain(Set<String> uids, Set<String> tracked) {
        Set<String> kept = new LinkedHashSet<>(uids);
        kept.retainAll(tracked);
        return kept;
    }

    /** Writes pods down that have ended. */
    Ledger with(List<String> nowSucceeded, List<String> nowFailed) {
        Set<String> allSucceeded = new LinkedHashSet<>(uncountedSucceeded);
        allSucceeded.addAll(nowSucceeded);
        Set<String> allFailed = new LinkedHashSet<>(uncountedFailed);
        allFailed.addAll(nowFailed);
        return new Ledger(succeeded, failed, allSucceeded, allFailed);
    }

    int uncounted() {
        return uncountedSucceeded.size() + uncountedFailed.size();
    }

    /** Puts this into a status. */
    void writeTo(JobStatus status) {
        status.setSucceeded(JobDecision.orNone(succeeded));
        status.setFailed(JobDecision.orNone(failed));
        UncountedTerminatedPods uncounted = new UncountedTerminatedPods();
        uncounted.setSucceeded(new ArrayList<>(uncountedSucceeded));
        uncounted.setFailed(new ArrayList<>(uncountedFailed));
        status.setUncountedTerminatedPods(uncounted);
    }
}
