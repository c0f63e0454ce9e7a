package io.mokube.client.event;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.mokube.client.event.EventRecorder.Observation;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of an observation, with the numbers of client-go. The same one again is counted on the event that
 * exists; many that differ only in their message become one combined event; an object that has too many of them has the
 * rest dropped. Used by one thread.
 */
final class Correlator {

    private static final int MOST_KEYS = 4096;
    private static final int SIMILAR_COMBINED = 10;
    private static final Duration SIMILAR_INTERVAL = Duration.ofMinutes(10);
    private static final int BURST = 25;
    private static final Duration REFILL = Duration.ofMinutes(5);

    private final Clock clock;
    private final Map<About, Bucket> buckets = newest();
    private final Map<Kind, Similar> similar = newest();
    private final Map<Same, Sequence> sequences = newest();

    Correlator(Clock clock) {
        this.clock = clock;
    }

    /** What is to be done with an observation. */
    sealed interface Verdict {

        /** Nothing; there are too many. */
        record Drop() implements Verdict {}

        /** Write the state of the sequence it belongs to. */
        record Send(Sequence sequence) implements Verdict {}
    }

    Verdict correlate(Observation observation) {
        ObjectReference reference = observation.about();
        About about = new About(
                String.valueOf(reference.getKind()),
                String.valueOf(reference.getNamespace()),
                String.valueOf(reference.getName()),
                String.valueOf(reference.getUid()));
        Kind kind = new Kind(about, observation.type(), observation.reason());
        boolean combined = entry(similar, kind, Similar::new).isTooMany(observation.message(), clock.nanoTime());
        Same same = combined
                ? new Same(kind, "", "")
                : new Same(kind, String.valueOf(reference.getFieldPath()), observation.message());
        String message = combined ? "(combined from similar events): " + observation.message() : observation.message();
        Sequence sequence = entry(sequences, same, () -> new Sequence(observation.at()));
        sequence.count++;
        sequence.message = message;
        boolean allowed =
                entry(buckets, about, () -> new Bucket(clock.nanoTime())).take(clock.nanoTime());
        return allowed ? new Verdict.Send(sequence) : new Verdict.Drop();
    }

    private static <K, V> V entry(Map<K, V> map, K key, Supplier<V> make) {
        V value = map.get(key);
        if (value == null) {
            value = make.get();
            map.put(key, value);
        }
        return value;
    }

    private static <K, V> Map<K, V> newest() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MOST_KEYS;
            }
        };
    }

    private record About(String kind, String namespace, String name, String uid) {}

    private record Kind(About about, String type, String reason) {}

    private record Same(Kind kind, String fieldPath, String message) {}

    /** One event on the server: how often it was observed and under which name it was written. */
    static final class Sequence {
        private final Instant first;
        private int count;
        private String message = "";
        private @Nullable ObjectKey written;

        private Sequence(Instant first) {
            this.first = first;
        }

        Instant first() {
            return first;
        }

        int count() {
            return count;
        }

        String message() {
            return message;
        }

        @Nullable
        ObjectKey written() {
            return written;
        }

        void setWritten(ObjectKey name) {
            written = name;
        }
    }

    /** The different messages of one kind in the present interval. */
    private static final class Similar {
        private final Set<String> messages = new HashSet<>();
        private long last;

        boolean isTooMany(String message, long now) {
            if (now - last > SIMILAR_INTERVAL.toNanos()) {
                messages.clear();
            }
            last = now;
            messages.add(message);
            if (messages.size() < SIMILAR_COMBINED) {
                return false;
            }
            messages.remove(message); // bounded: from here on every message but the first nine is combined
            return true;
        }
    }

    /** A right to 25 events, one more every five minutes. */
    private static final class Bucket {
        private double tokens = BURST;
        private long at;

        Bucket(long now) {
            at = now;
        }

        boolean take(long now) {
            tokens = Math.min(BURST, tokens + (double) (now - at) / REFILL.toNanos());
            at = now;
            if (tokens < 1) {
                return false;
            }
            tokens--;
            return true;
        }
    }
}
