package io.mokube.controllermanager.controllers.deployment;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The numbering of templates and how many of the past are kept. Pure. */
final class Revisions {

    static final String REVISION = "deployment.kubernetes.io/revision";
    static final String HISTORY = "deployment.kubernetes.io/revision-history";
    static final String DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
    static final String MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

    private static final Set<String> NOT_COPIED = Set.of(
            "kubectl.kubernetes.io/last-applied-configuration",
            REVISION,
            HISTORY,
            DESIRED_REPLICAS,
            MAX_REPLICAS,
            "deprecated.deployment.rollback.to");

    private static final int LONGEST_HISTORY = 2000;

    private Revisions() {}

    /** The revision after all of these. */
    static long next(Collection<ReplicaSetDraft> old) {
        return old.stream().mapToLong(Revisions::of).max().orElse(0) + 1;
    }

    /** A ReplicaSet's revision, 0 when it has none. */
    static long of(ReplicaSetDraft replicaSet) {
        return number(replicaSet.annotation(REVISION));
    }

    /**
     * Makes a ReplicaSet the newest: it takes the Deployment's annotations, its change cause among them, and the next
     * revision. A revision it had before goes to its history.
     */
    static void makeNewest(Deployment deployment, ReplicaSetDraft replicaSet, long revision) {
        Ownership.annotations(deployment).forEach((name, value) -> {
            if (!NOT_COPIED.contains(name)) {
                replicaSet.annotate(name, value);
            }
        });
        String earlier = replicaSet.annotation(REVISION);
        if (number(earlier) >= revision) {
            return;
        }
        replicaSet.annotate(REVISION, Long.toString(revision));
        if (!earlier.isEmpty()) {
            replicaSet.annotate(HISTORY, appended(replicaSet.annotation(HISTORY), earlier));
        }
    }

    /** The old ReplicaSets beyond the history limit that nothing runs in, oldest revision first. */
    static List<ReplicaSetDraft> beyondHistory(Deployment deployment, Collection<ReplicaSetDraft> old) {
        @Nullable Integer limit = deployment.getSpec().getRevisionHistoryLimit();
        if (limit == null || limit == Integer.MAX_VALUE) {
            return List.of();
        }
        List<ReplicaSetDraft> kept = new ArrayList<>(old);
        kept.removeIf(draft -> Ownership.isBeingDeleted(draft.after()));
        kept.sort(Comparator.comparingLong(Revisions::of).thenComparing(ReplicaSetDraft.OLDEST_FIRST));
        return kept.stream()
                .limit(Math.max(0, kept.size() - limit))
                .filter(draft -> draft.atMost() == 0 && draft.settled())
                .toList();
    }

    private static String appended(String history, String revision) {
        String longer = history.isEmpty() ? revision : history + "," + revision;
        while (longer.length() > LONGEST_HISTORY) {
            longer = longer.substring(longer.indexOf(',') + 1);
        }
        return longer;
    }

    private static long number(String text) {
        try {
            return text.isEmpty() ? 0 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
