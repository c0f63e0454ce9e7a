package io.mokube.controllermanager.controllers.deployment;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A ReplicaSet as it is and as the plan wants it. Belongs to one planning and one thread. */
final class ReplicaSetDraft {

    static final Comparator<ReplicaSetDraft> OLDEST_FIRST = Comparator.<ReplicaSetDraft, String>comparing(
                    draft -> nullToEmpty(draft.after.getMetadata().getCreationTimestamp()))
            .thenComparing(draft -> draft.after.getMetadata().getName());

    static final Comparator<ReplicaSetDraft> LARGEST_THEN_NEWEST =
            Comparator.comparingInt(ReplicaSetDraft::replicas).reversed().thenComparing(OLDEST_FIRST.reversed());

    static final Comparator<ReplicaSetDraft> LARGEST_THEN_OLDEST =
            Comparator.comparingInt(ReplicaSetDraft::replicas).reversed().thenComparing(OLDEST_FIRST);

    private final @Nullable ReplicaSet before;
    private final ReplicaSet after;
    private boolean changed;

    private ReplicaSetDraft(@Nullable ReplicaSet before, ReplicaSet after) {
        this.before = before;
        this.after = after;
    }

    static ReplicaSetDraft existing(ReplicaSet replicaSet) {
        ReplicaSet after = new ReplicaSetBuilder(replicaSet).build();
        after.getMetadata().setAnnotations(new LinkedHashMap<>(Ownership.annotations(replicaSet)));
        return new ReplicaSetDraft(replicaSet, after);
    }

    static ReplicaSetDraft toCreate(ReplicaSet replicaSet) {
        return new ReplicaSetDraft(null, replicaSet);
    }

    ReplicaSet after() {
        return after;
    }

    boolean exists() {
        return before != null;
    }

    boolean changed() {
        return changed;
    }

    String name() {
        return after.getMetadata().getName();
    }

    /** The number of replicas the plan wants. */
    int replicas() {
        return orZero(after.getSpec().getReplicas());
    }

    int replicasBefore() {
        return before == null ? 0 : orZero(before.getSpec().getReplicas());
    }

    int currentReplicas() {
        return status() == null ? 0 : orZero(status().getReplicas());
    }

    int readyReplicas() {
        return status() == null ? 0 : orZero(status().getReadyReplicas());
    }

    int availableReplicas() {
        return status() == null ? 0 : orZero(status().getAvailableReplicas());
    }

    int terminatingReplicas() {
        return status() == null ? 0 : orZero(status().getTerminatingReplicas());
    }

    @Nullable
    ReplicaSetStatus status() {
        return after.getStatus();
    }

    /** Whether its controller has seen its last change, so that its status bounds its pods. */
    boolean settled() {
        if (before == null) {
            return true;
        }
        @Nullable Long observed = status() == null ? null : status().getObservedGeneration();
        return observed != null && observed >= Ownership.generation(before);
    }

    /** The most pods it may have while it is settled: what is wanted, was wanted or still there. */
    int atMost() {
        return Math.max(Math.max(replicas(), replicasBefore()), currentReplicas());
    }

    void scale(int replicas, Limits limits) {
        if (replicas != replicas()) {
            after.getSpec().setReplicas(replicas);
            changed = true;
        }
        noteSize(limits);
    }

    /** Records the Deployment's size, from which a later resize is recognized and shared out. */
    void noteSize(Limits limits) {
        annotate(Revisions.DESIRED_REPLICAS, Integer.toString(limits.replicas()));
        annotate(Revisions.MAX_REPLICAS, Integer.toString(limits.most()));
    }

    void minReadySeconds(int seconds) {
        if (orZero(after.getSpec().getMinReadySeconds()) != seconds) {
            after.getSpec().setMinReadySeconds(seconds);
            changed = true;
        }
    }

    String annotation(String name) {
        return Ownership.annotations(after).getOrDefault(name, "");
    }

    void annotate(String name, String value) {
        Map<String, String> annotations = after.getMetadata().getAnnotations();
        changed |= !value.equals(annotations.put(name, value));
    }

    private static String nullToEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
