package io.mokube.scheduler.devices;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version as semver.org orders them; what is said of the build does not count. */
public record SemanticVersion(long major, long minor, long patch, String preRelease)
        implements Comparable<SemanticVersion> {

    private static final Pattern FORM = Pattern.compile(
            "(0|[1-9]\\d{0,17})\\.(0|[1-9]\\d{0,17})\\.(0|[1-9]\\d{0,17})(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?");

    /**
     * Reads a version.
     *
     * @throws IllegalArgumentException when the text is none
     */
    public static SemanticVersion parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("no semantic version: " + text);
        }
        String preRelease = matcher.group(4);
        return new SemanticVersion(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3)),
                preRelease == null ? "" : preRelease);
    }

    @Override
    public int compareTo(SemanticVersion other) {
        int order = Long.compare(major, other.major);
        order = order != 0 ? order : Long.compare(minor, other.minor);
        order = order != 0 ? order : Long.compare(patch, other.patch);
        if (order != 0 || preRelease.equals(other.preRelease)) {
            return order;
        }
        if (preRelease.isEmpty() || other.preRelease.isEmpty()) {
            // What is released comes after what was tried before.
            return preRelease.isEmpty() ? 1 : -1;
        }
        String[] mine = preRelease.split("\\.");
        String[] others = other.preRelease.split("\\.");
        for (int i = 0; i < Math.min(mine.length, others.length); i++) {
            int part = comparePart(mine[i], others[i]);
            if (part != 0) {
                return part;
            }
        }
        return Integer.compare(mine.length, others.length);
    }

    private static int comparePart(String one, String other) {
        boolean number = one.matches("\\d+");
        boolean otherNumber = other.matches("\\d+");
        if (number && otherNumber) {
            int length = Integer.compare(one.length(), other.length());
            return length != 0 ? length : one.compareTo(other);
        }
        return number == otherNumber ? one.compareTo(other) : number ? -1 : 1;
    }
}
