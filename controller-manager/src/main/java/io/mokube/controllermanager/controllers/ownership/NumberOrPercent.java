package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Limits that are given as a number of pods or as a percentage of them. Pure. */
public final class NumberOrPercent {

    private NumberOrPercent() {}

    /** The number itself, or the percentage of a total; 0 for what is absent, negative or can't be read. */
    public static int of(@Nullable IntOrString value, int total, boolean roundUp) {
        return value == null ? 0 : read(value, total, roundUp).orElse(0);
    }

    /** The same; empty for what can't be read. */
    public static OptionalInt read(IntOrString value, int total, boolean roundUp) {
        @Nullable Integer number = value.getIntVal();
        if (number != null) {
            return OptionalInt.of(Math.max(0, number));
        }
        @Nullable String text = value.getStrVal();
        if (text == null || !text.endsWith("%")) {
            return OptionalInt.empty();
        }
        try {
            long product = Long.parseLong(text.substring(0, text.length() - 1)) * total;
            return OptionalInt.of((int) Math.max(0, (roundUp ? product + 99 : product) / 100));
        } catch (NumberFormatException e) {
            return OptionalInt.empty();
        }
    }
}
