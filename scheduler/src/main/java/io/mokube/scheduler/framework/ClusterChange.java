package io.mokube.scheduler.framework;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One change in the cluster: what happened, and the object as it was and is, reduced to what decisions look at
 * ({@code NodeFacts}, {@code PodInfo}, …).
 *
 * @param before the object before, null when it is new or not known
 * @param after the object now, null when it is gone or not known
 */
public record ClusterChange(
        ClusterEvent event,
        @Nullable Object before,
        @Nullable Object after) {

    /** An object that is new. */
    public static ClusterChange added(ClusterEvent event, Object object) {
        return new ClusterChange(event, null, object);
    }

    /** An object that is gone. */
    public static ClusterChange removed(ClusterEvent event, Object object) {
        return new ClusterChange(event, object, null);
    }

    /** Something of which no more is known than that it happened. */
    public static ClusterChange of(ClusterEvent event) {
        return new ClusterChange(event, null, null);
    }

    /** The object before, when it is known and of this type. */
    public <T> Optional<T> before(Class<T> type) {
        return type.isInstance(before) ? Optional.of(type.cast(before)) : Optional.empty();
    }

    /** The object now, when it is known and of this type. */
    public <T> Optional<T> after(Class<T> type) {
        return type.isInstance(after) ? Optional.of(type.cast(after)) : Optional.empty();
    }
}
