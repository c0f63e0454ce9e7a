package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.Toleration;
import org.jspecify.annotations.Nullable;

/**
 * A toleration of a pod.
 *
 * @param key the taint's key, {@code ""} for every key
 * @param exists whether every value is tolerated
 * @param value the tolerated value when not every value is
 * @param effect the tolerated effect, null for every effect
 */
public record PodToleration(String key, boolean exists, String value, NodeTaint.@Nullable Effect effect) {

    static PodToleration of(Toleration toleration) {
        return new PodToleration(
                orEmpty(toleration.getKey()),
                "Exists".equals(toleration.getOperator()),
                orEmpty(toleration.getValue()),
                effect(toleration.getEffect()));
    }

    static NodeTaint.@Nullable Effect effect(@Nullable String effect) {
        if (effect == null) {
            return null;
        }
        return switch (effect) {
            case "NoSchedule" -> NodeTaint.Effect.NO_SCHEDULE;
            case "PreferNoSchedule" -> NodeTaint.Effect.PREFER_NO_SCHEDULE;
            case "NoExecute" -> NodeTaint.Effect.NO_EXECUTE;
            default -> null;
        };
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** Whether a pod with this toleration puts up with the taint. */
    public boolean tolerates(NodeTaint taint) {
        return (effect == null || effect == taint.effect())
                && (key.isEmpty() || key.equals(taint.key()))
                && (exists || value.equals(taint.value()));
    }
}
