package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore.Event;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The durable events of a contiguous run of revisions: what watches read. A watch takes what it has not seen yet at its own
 * pace, so that no event is queued per watch and a slow one holds nobody up. Safe for use by many threads.
 */
final class History {

    private static final int FIRST_CAPACITY = 256;

    /** Rings indexed by revision modulo their length, which is a power of two. */
    private @Nullable Event[] events = new Event[FIRST_CAPACITY];

    private long[] timesMillis = new long[FIRST_CAPACITY];
    private long first;
    private long last;
    private long bytes;

    /** Empties the history; the next event has the revision after the one given. */
    synchronized void reset(long revision) {
        Arrays.fill(events, null);
        first = revision + 1;
        last = revision;
        bytes = 0;
    }

    /** Adds the event of the next revision. */
    synchronized void add(Event event, long timeMillis) {
        if (event.revision() != last + 1) {
            throw new IllegalStateException("revision " + event.revision() + " does not follow " + last);
        }
        if (last - first + 1 == events.length) {
            grow();
        }
        last++;
        events[slot(last)] = event;
        timesMillis[slot(last)] = timeMillis;
        bytes += sizeOf(event);
    }

    /** Up to {@code max} events from the revision on, oldest first; empty when there is none yet. */
    synchronized List<Event> from(long revision, int max) {
        List<Event> found = new ArrayList<>();
        for (long at = Math.max(revision, first); at <= last && found.size() < max; at++) {
            found.add(at(at));
        }
        return found;
    }

    /** Drops the events up to the revision, at most {@code max} of them, and returns those dropped. */
    synchronized List<Event> dropThrough(long revision, int max) {
        List<Event> dropped = new ArrayList<>();
        while (first <= Math.min(revision, last) && dropped.size() < max) {
            Event event = at(first);
            dropped.add(event);
            bytes -= sizeOf(event);
            events[slot(first)] = null;
            first++;
        }
        return dropped;
    }

    /** The newest revision that is to be forgotten so that what stays is within the limits. */
    synchronized long excess(long oldestMillis, int maxEvents, long maxBytes) {
        long revision = Math.max(first - 1, last - maxEvents);
        while (revision < last && timesMillis[slot(revision + 1)] < oldestMillis) {
            revision++;
        }
        long left = bytes;
        for (long at = first; at <= last && left > maxBytes; at++) {
            left -= sizeOf(at(at));
            revision = Math.max(revision, at);
        }
        return revision;
    }

    /** Whether there is more than the limits allow. */
    synchronized boolean exceeds(long maxEvents, long maxBytes) {
        return last - first + 1 > maxEvents || bytes > maxBytes;
    }

    private Event at(long revision) {
        Event event = events[slot(revision)];
        if (event == null) {
            throw new IllegalStateException("no event of revision " + revision);
        }
        return event;
    }

    private int slot(long revision) {
        return (int) (revision & (events.length - 1));
    }

    private void grow() {
        @Nullable Event[] oldEvents = events;
        long[] oldTimes = timesMillis;
        events = new Event[oldEvents.length * 2];
        timesMillis = new long[events.length];
        for (long at = first; at <= last; at++) {
            int old = (int) (at & (oldEvents.length - 1));
            events[slot(at)] = oldEvents[old];
            timesMillis[slot(at)] = oldTimes[old];
        }
    }

    private static long sizeOf(Event event) {
        return switch (event) {
            case Event.Put put -> put.entry().value().length;
            case Event.Deleted _ -> 0;
        };
    }
}
