package io.mokube.controllermanager.controllers.placement;

import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** What pods put up with. Pure. */
public final class Tolerations {

    private Tolerations() {}

    /** Whether one of the tolerations matches the taint. */
    public static boolean tolerate(Collection<Toleration> tolerations, Taint taint) {
        return tolerations.stream().anyMatch(toleration -> matches(toleration, taint));
    }

    /** Whether a toleration is meant for a taint; without a key, an effect or a value it is meant for all of them. */
    public static boolean matches(Toleration toleration, Taint taint) {
        String effect = nullToEmpty(toleration.getEffect());
        String key = nullToEmpty(toleration.getKey());
        if (!(effect.isEmpty() || effect.equals(taint.getEffect())) || !(key.isEmpty() || key.equals(taint.getKey()))) {
            return false;
        }
        return switch (nullToEmpty(toleration.getOperator())) {
            case "Exists" -> true;
            case "Equal", "" ->
                !key.isEmpty() && nullToEmpty(toleration.getValue()).equals(nullToEmpty(taint.getValue()));
            default -> false;
        };
    }

    private static String nullToEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
