package io.mokube.apiserver.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The recent changes of one resource, oldest first, and the state before the oldest: what watches resume from and what
 * lists at a past revision read. Bounded in number and bytes; not safe for several threads.
 */
final class History {

    /** So many are kept however old they are. */
    private static final int ALWAYS_KEPT = 1024;

    private static final int MOST_KEPT = 64 * 1024;
    private static final long MOST_BYTES = 64L * 1024 * 1024;
    private static final long OLDEST_NANOS = Duration.ofMinutes(5).toNanos();

    private CacheEvent[] ring = new CacheEvent[16];
    private int first;
    private int size;
    private long bytes;
    private SortedObjects stateBefore;
    private long since;

    /** Complete after this revision, which had this state. */
    History(SortedObjects state, long revision) {
        this.stateBefore = state;
        this.since = revision;
    }

    /** The revision after which every change is known. */
    long since() {
        return since;
    }

    void append(CacheEvent event) {
        while (size > 0 && isDispensable(event.atNanos())) {
            CacheEvent oldest = at(0);
            stateBefore = oldest.state();
            since = oldest.revision();
            bytes -= oldest.weight();
            ring[first] = null;
            first = (first + 1) % ring.length;
            size--;
        }
        if (size == ring.length) {
            CacheEvent[] wider = new CacheEvent[ring.length * 2];
            for (int i = 0; i < size; i++) {
                wider[i] = at(i);
            }
            ring = wider;
            first = 0;
        }
        ring[(first + size) % ring.length] = event;
        size++;
        bytes += event.weight();
    }

    private boolean isDispensable(long nowNanos) {
        if (size >= MOST_KEPT || bytes >= MOST_BYTES) {
            return true;
        }
        return size >= ALWAYS_KEPT && nowNanos - at(0).atNanos() > OLDEST_NANOS;
    }

    /** The changes with a greater revision; only for revisions from {@link #since} on. */
    List<CacheEvent> after(long revision) {
        List<CacheEvent> events = new ArrayList<>();
        for (int i = firstAfter(revision); i < size; i++) {
            events.add(at(i));
        }
        return events;
    }

    /** The state at a revision, empty when that is too old. */
    Optional<SortedObjects> stateAt(long revision) {
        if (revision < since) {
            return Optional.empty();
        }
        int next = firstAfter(revision);
        return Optional.of(next == 0 ? stateBefore : at(next - 1).state());
    }

    private int firstAfter(long revision) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (at(middle).revision() <= revision) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private CacheEvent at(int index) {
        return ring[(first + index) % ring.length];
    }
}
