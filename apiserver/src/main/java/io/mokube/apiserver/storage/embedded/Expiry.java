package io.mokube.apiserver.storage.embedded;

import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/** The versions that are to be deleted at a time, soonest first. Used under the store's lock. */
final class Expiry {

    private final NavigableSet<Version> soonestFirst = new TreeSet<>(
            Comparator.<Version>comparingLong(v -> v.expiresAtMillis).thenComparingLong(v -> v.revision));

    /** Notes that a version is durable: it may expire, the one it replaces may no more. */
    void reached(Version version) {
        Version previous = version.previous;
        if (previous != null && previous.expires()) {
            soonestFirst.remove(previous);
        }
        if (version.expires()) {
            soonestFirst.add(version);
        }
    }

    /** Up to {@code max} versions whose time has come. */
    List<Version> due(long nowMillis, int max) {
        return soonestFirst.stream()
                .takeWhile(version -> version.expiresAtMillis <= nowMillis)
                .limit(max)
                .toList();
    }

    /** When the next version expires, {@link Long#MAX_VALUE} for never. */
    long nextMillis() {
        return soonestFirst.isEmpty() ? Long.MAX_VALUE : soonestFirst.first().expiresAtMillis;
    }
}
