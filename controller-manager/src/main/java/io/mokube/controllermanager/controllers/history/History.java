package io.mokube.controllermanager.controllers.history;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** An owner's revisions and what is to become of them. Pure. */
public final class History {

    private static final Comparator<ControllerRevision> OLDEST_FIRST = Comparator.comparingLong(History::number)
            .thenComparing(History::created)
            .thenComparing(revision -> revision.getMetadata().getName());

    private History() {}

    /** What the history lacks. */
    sealed interface Change {
        /** This revision, the newest, has the template. */
        record None(ControllerRevision newest) implements Change {}

        /** An older revision has the template: it becomes the newest. */
        record Renumber(ControllerRevision revision, long number) implements Change {}

        /** No revision has the template: make one of this number. */
        record Create(JsonNode data, long number) implements Change {}
    }

    /** Compares the revisions that there are with the owner's template. */
    static Change change(Collection<ControllerRevision> revisions, PodTemplateSpec template) {
        JsonNode data = RevisionData.of(template);
        long newest = 0;
        @Nullable ControllerRevision equal = null;
        for (ControllerRevision revision : sorted(revisions)) {
            newest = number(revision);
            if (RevisionData.isIn(revision, data)) {
                equal = revision;
            }
        }
        if (equal == null) {
            return new Change.Create(data, newest + 1);
        }
        return number(equal) == newest ? new Change.None(equal) : new Change.Renumber(equal, newest + 1);
    }

    /**
     * Which revisions to drop so that no more than {@code limit} are left: the oldest first, but none that is needed.
     *
     * @param past the revisions that the limit is about
     * @param limit {@code revisionHistoryLimit}, null for no limit
     */
    public static List<ControllerRevision> surplus(
            Collection<ControllerRevision> past, Predicate<ControllerRevision> needed, @Nullable Integer limit) {
        if (limit == null || limit < 0) {
            return List.of();
        }
        List<ControllerRevision> oldest = sorted(past);
        return oldest.stream()
                .filter(needed.negate())
                .limit(Math.max(0, oldest.size() - limit))
                .toList();
    }

    private static List<ControllerRevision> sorted(Collection<ControllerRevision> revisions) {
        List<ControllerRevision> sorted = new ArrayList<>(revisions);
        sorted.removeIf(Ownership::isBeingDeleted);
        sorted.sort(OLDEST_FIRST);
        return sorted;
    }

    private static long number(ControllerRevision revision) {
        @Nullable Long number = revision.getRevision();
        return number == null ? 0 : number;
    }

    private static String created(ControllerRevision revision) {
        @Nullable String created = revision.getMetadata().getCreationTimestamp();
        return created == null ? "" : created;
    }
}
