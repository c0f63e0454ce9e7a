package io.mokube.apiserver.resources;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Orders version names by how much they promise: {@code v10}, {@code v2}, {@code v1}, {@code v11beta2}, {@code v10beta3},
 * {@code v1alpha1}, then all other words in alphabetical order.
 */
public final class VersionOrder {

    /** The most promising version first. */
    public static final Comparator<String> PREFERRED_FIRST = Comparator.comparing(VersionOrder::rank)
            .thenComparing(VersionOrder::major, Comparator.reverseOrder())
            .thenComparing(VersionOrder::minor, Comparator.reverseOrder())
            .thenComparing(Comparator.naturalOrder());

    private static final Pattern FORM = Pattern.compile("v([1-9][0-9]{0,8})(?:(alpha|beta)([1-9][0-9]{0,8}))?");

    private VersionOrder() {}

    private static int rank(String version) {
        Matcher matcher = FORM.matcher(version);
        if (!matcher.matches()) {
            return 3;
        }
        String stage = matcher.group(2);
        return stage == null ? 0 : stage.equals("beta") ? 1 : 2;
    }

    private static int major(String version) {
        return number(version, 1);
    }

    private static int minor(String version) {
        return number(version, 3);
    }

    private static int number(String version, int group) {
        Matcher matcher = FORM.matcher(version);
        return matcher.matches() && matcher.group(group) != null ? Integer.parseInt(matcher.group(group)) : 0;
    }
}
