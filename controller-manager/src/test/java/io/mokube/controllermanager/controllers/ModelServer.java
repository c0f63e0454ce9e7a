package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.names.ObjectKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What models of clusters stand on: a store with versions, caches that lag behind it each at its own pace, requests that
 * are carried out without an answer, and a clock.
 */
public class ModelServer {

    private long revision;
    private int names;
    private int answersToLose;
    private int requestsToDelay;
    private final List<Supplier<?>> delayed = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    /** A request that the server turned down. */
    public static final class Refused extends RuntimeException {}

    private record Event<T>(
            long revision, ObjectKey key, @Nullable T object) {}

    /** What is stored of one kind, with its history, and a cache that has seen a part of it. */
    public final class Kind<T extends HasMetadata> {
        public final Map<ObjectKey, T> live = new TreeMap<>(Comparator.comparing(ObjectKey::toString));
        public final Map<ObjectKey, T> cache = new TreeMap<>(Comparator.comparing(ObjectKey::toString));
        private final List<Event<T>> history = new ArrayList<>();
        private int seen;
        private long version;

        public T store(T object) {
            object.getMetadata().setResourceVersion(Long.toString(++revision));
            live.put(Ownership.key(object), object);
            history.add(new Event<>(revision, Ownership.key(object), object));
            return object;
        }

        public void remove(ObjectKey key) {
            live.remove(key);
            history.add(new Event<>(++revision, key, null));
        }

        /** The cache sees the next events. */
        public void deliver(int count) {
            for (int i = 0; i < count && seen < history.size(); i++) {
                Event<T> event = history.get(seen++);
                version = event.revision;
                if (event.object == null) {
                    cache.remove(event.key);
                } else {
                    cache.put(event.key, event.object);
                }
            }
        }

        /** The cache jumps to the present and never learns what happened in between. */
        public void relist() {
            seen = history.size();
            version = revision;
            cache.clear();
            cache.putAll(live);
        }

        /** How far the cache is. */
        public long version() {
            return version;
        }

        /** What is stored under the key, as a live read shows it. */
        public Optional<T> read(ObjectKey key) {
            return Optional.ofNullable(live.get(key));
        }

        /** What is stored, when it is the version that was seen; else the write is refused. */
        public T current(T seenObject) {
            T stored = live.get(Ownership.key(seenObject));
            if (stored == null || Ownership.revision(stored) != Ownership.revision(seenObject)) {
                throw new Refused();
            }
            return stored;
        }
    }

    public final Kind<Pod> pods = new Kind<>();

    // -- what nodes and bad luck do with pods ---------------------------------------------------------------------

    public final void podBecomesReady(Pod pod) {
        if (pod.getMetadata().getDeletionTimestamp() == null && !PodFacts.isFinished(pod)) {
            pods.store(Pods.ready(pod, now));
        }
    }

    public final void podFails(Pod pod) {
        pods.store(Pods.finished(pod, "Failed"));
    }

    public final void podIsDeleted(Pod pod) {
        if (!Ownership.isBeingDeleted(pod)) {
            pods.store(Pods.deleting(pod, now));
        }
    }

    public final void podIsGone(Pod pod) {
        if (Ownership.isBeingDeleted(pod)) {
            pods.remove(Ownership.key(pod));
        }
    }

    // -- requests and time ----------------------------------------------------------------------------------------

    /** Grows with every write. */
    public final long revision() {
        return revision;
    }

    public final Instant now() {
        return now;
    }

    public final void tick() {
        now = now.plusSeconds(1);
    }

    public final void loseAnswers(int count) {
        answersToLose = count;
    }

    /** A number that was never given before. */
    protected final int nextName() {
        return ++names;
    }

    /** The next requests get no answer and are carried out later, or never before {@link #carryOutLate}. */
    public final void delayRequests(int count) {
        requestsToDelay = count;
    }

    /** One of the delayed requests arrives. */
    public final void carryOutLate(int choice) {
        if (!delayed.isEmpty()) {
            try {
                Object _ = delayed.remove(choice % delayed.size()).get();
            } catch (Refused e) {
                // It came too late, and nobody hears of it.
            }
        }
    }

    public final int delayedRequests() {
        return delayed.size();
    }

    /**
     * Carries a write out. Its answer may get lost, and the write itself may be late, so it must check for itself what it
     * finds.
     */
    protected final <T> T answer(Supplier<T> write) {
        if (requestsToDelay > 0) {
            requestsToDelay--;
            delayed.add(write);
            throw new ConnectionException("the request is delayed");
        }
        T answer = write.get();
        if (answersToLose > 0) {
            answersToLose--;
            throw new ConnectionException("the answer is lost");
        }
        return answer;
    }

    /** One of several, as a story's number chooses. */
    public static <T> Optional<T> pick(Collection<T> from, int choice) {
        return from.isEmpty()
                ? Optional.empty()
                : from.stream().skip(choice % from.size()).findFirst();
    }
}
