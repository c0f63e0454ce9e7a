package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.IntOrString;
import org.jspecify.annotations.Nullable;

/** Limits that are given as a number of pods or as a percentage of them. Pure. */
public final class NumberOrPercent {

    private NumberOrPercent() {}

    /** The number itself, or the percentage of a total; 0 for what is absent, negative or can't be read. */
    public static int of(@Nullable IntOrString value, int total, boolean roundUp) {
        @Nullable Integer number = value == null ? null : value.getIntVal();
        if (number != null) {
            return Math.max(0, number);
        }
        @Nullable String text = value == null ? null : value.getStrVal();
        if (text == null || !text.endsWith("%")) {
            return 0;
        }
        try {
            long product = Long.parseLong(text.substring(0, text.length() - 1)) * total;
            return (int) Math.max(0, (roundUp ? product + 99 : product) / 100);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
