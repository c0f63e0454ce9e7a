package io.mokube.apiserver.registry;

import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.StorageKeys;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.KeyValueStore.Snapshot;
import io.mokube.apiserver.storage.KeyValueStore.UnknownOutcomeException;
import io.mokube.apiserver.storage.KeyValueStore.WriteResult;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The objects of all resources in the store.
 *
 * <p>A write whose outcome the store can't tell is repeated: it is conditional on the state it was decided from, so it
 * happens at most once.
 */
public final class ObjectStore {

    /** How long a read waits for the cache before it goes to the store itself. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /** How long the outcome of one write is inquired. */
    private static final Duration INQUIRY = Duration.ofSeconds(20);

    private static final Duration INQUIRY_PAUSE = Duration.ofMillis(200);

    private final KeyValueStore store;
    private final WatchCache cache;
    private final Clock clock;

    public ObjectStore(KeyValueStore store, WatchCache cache, Clock clock) {
        this.store = store;
        this.cache = cache;
        this.clock = clock;
    }

    /** The object with every write in it that was acknowledged before this call, or null. */
    public @Nullable StoredObject get(ResourceDefinition definition, ObjectKey key) {
        if (cache.await(cache.currentRevision(), PATIENCE)) {
            return getCached(definition, key);
        }
        return getStored(definition, key);
    }

    /** The object as the cache has it, perhaps a moment behind, or null. */
    public @Nullable StoredObject getCached(ResourceDefinition definition, ObjectKey key) {
        CachedObject cached = cache.get(definition.storedAs(), key);
        return cached == null ? null : cached.object();
    }

    /** The object as the store has it now, or null. */
    public @Nullable StoredObject getStored(ResourceDefinition definition, ObjectKey key) {
        Snapshot snapshot = store.get(StorageKeys.of(definition, key), 0);
        return snapshot.entries().isEmpty() ? null : stored(snapshot.entries().getFirst());
    }

    /** A tree of its own, in the version that the definition's strategy works on. */
    public static KubeObject parse(ResourceDefinition definition, StoredObject stored) {
        KubeObject object = stored.parse();
        definition.strategy().fromStored(object);
        return object;
    }

    /** The bytes to store for an object of the version that the definition's strategy works on. */
    public static byte[] encode(ResourceDefinition definition, KubeObject object) {
        return ObjectEncoding.encode(definition.strategy().toStored(object));
    }

    /**
     * Writes a new object.
     *
     * @throws ApiException 409 when the name is taken
     */
    public StoredObject create(ResourceDefinition definition, KubeObject object) {
        byte[] value = encode(definition, object);
        Duration timeToLive = definition.strategy().timeToLive(object);
        WriteResult result = put(StorageKeys.of(definition, object.key()), value, Expect.ABSENT, timeToLive);
        return switch (result) {
            case WriteResult.Written written -> StoredObject.of(value, written.revision());
            case WriteResult.Conflict conflict ->
                throw ApiException.alreadyExists(definition.groupResource(), object.name());
        };
    }

    /**
     * Changes an object. The decision is made from the object as the cache has it and made again, from the store, when
     * that was not current: a refusal, too, is only final when it was made from the present state.
     *
     * @param decide given the object, which it may change, or null when there is none; only {@link Change.Write} is
     *     possible then
     */
    public Outcome change(ResourceDefinition definition, ObjectKey key, Function<@Nullable KubeObject, Change> decide) {
        StoredObject current = getCached(definition, key);
        boolean isPresent = false;
        if (current == null) {
            current = getStored(definition, key);
            isPresent = true;
        }
        while (true) {
            Change change;
            try {
                change = decide.apply(current == null ? null : parse(definition, current));
            } catch (ApiException e) {
                if (isPresent) {
                    throw e;
                }
                current = getStored(definition, key);
                isPresent = true;
                continue;
            }
            Attempt attempt = attempt(definition, key, current, change, isPresent);
            switch (attempt) {
                case Attempt.Done done -> {
                    return done.outcome();
                }
                case Attempt.Lost lost -> {
                    current = lost.actual();
                    isPresent = true;
                }
            }
        }
    }

    private sealed interface Attempt {
        record Done(Outcome outcome) implements Attempt {}

        /** The state was another one than the decision was made from. */
        record Lost(@Nullable StoredObject actual) implements Attempt {}
    }

    private Attempt attempt(
            ResourceDefinition definition,
            ObjectKey key,
            @Nullable StoredObject current,
            Change change,
            boolean isPresent) {
        return switch (change) {
            case Change.Write write -> write(definition, key, current, write.object(), isPresent);
            case Change.Delete delete -> delete(definition, key, Objects.requireNonNull(current), delete.last());
            case Change.Keep keep -> unchanged(definition, key, Objects.requireNonNull(current), isPresent);
        };
    }

    private Attempt write(
            ResourceDefinition definition,
            ObjectKey key,
            @Nullable StoredObject current,
            KubeObject object,
            boolean isPresent) {
        byte[] value = encode(definition, object);
        if (current != null && !current.isRefreshed() && isSame(current.value(), value)) {
            return unchanged(definition, key, current, isPresent);
        }
        Expect expect = current == null ? Expect.ABSENT : Expect.at(current.revision());
        Duration timeToLive = definition.strategy().timeToLive(object);
        return switch (put(StorageKeys.of(definition, key), value, expect, timeToLive)) {
            case WriteResult.Written written -> {
                StoredObject stored = StoredObject.of(value, written.revision());
                yield new Attempt.Done(current == null ? new Outcome.Created(stored) : new Outcome.Stored(stored));
            }
            case WriteResult.Conflict conflict -> lost(conflict);
        };
    }

    private Attempt delete(ResourceDefinition definition, ObjectKey key, StoredObject current, KubeObject last) {
        Inquiry inquiry = inquire(() -> store.delete(StorageKeys.of(definition, key), Expect.at(current.revision())));
        return switch (inquiry.result()) {
            case WriteResult.Written written ->
                new Attempt.Done(new Outcome.Deleted(StoredObject.of(encode(definition, last), written.revision())));
            case WriteResult.Conflict conflict ->
                // Gone after an attempt whose outcome was unknown: whoever it was, it is what was asked for.
                inquiry.repeated() && conflict.actual() == null
                        ? new Attempt.Done(
                                new Outcome.Deleted(StoredObject.of(encode(definition, last), conflict.revision())))
                        : lost(conflict);
        };
    }

    /** Nothing to write; but when the decision was made from an old state, the present one decides. */
    private Attempt unchanged(ResourceDefinition definition, ObjectKey key, StoredObject current, boolean isPresent) {
        if (isPresent) {
            return new Attempt.Done(new Outcome.Stored(current));
        }
        StoredObject actual = getStored(definition, key);
        return actual != null && actual.revision() == current.revision()
                ? new Attempt.Done(new Outcome.Stored(current))
                : new Attempt.Lost(actual);
    }

    /**
     * Writes, and again when the store can't tell whether it did. A repetition that finds another state than expected may
     * have met the attempt before it. A new object tells by its UID; an update can't be told from another client's with
     * the same bytes, and saying either "done" or "lost" could be a lie: then the answer is that nobody knows.
     */
    private WriteResult put(String key, byte[] value, Expect expect, @Nullable Duration timeToLive) {
        Inquiry inquiry = inquire(() -> store.put(key, value, expect, timeToLive));
        if (!inquiry.repeated() || !(inquiry.result() instanceof WriteResult.Conflict conflict)) {
            return inquiry.result();
        }
        if (!(expect instanceof Expect.Absent)) {
            throw ApiException.timeout(
                    "the store was lost during the write, which may or may not have happened", 1, null);
        }
        Entry actual = conflict.actual();
        // The bytes carry the UID that was made for this object.
        return actual != null && Arrays.equals(actual.value(), value)
                ? new WriteResult.Written(actual.modRevision(), null)
                : conflict;
    }

    /** What came of a write, and whether an earlier attempt may have had a part in it. */
    private record Inquiry(WriteResult result, boolean repeated) {}

    private Inquiry inquire(Supplier<WriteResult> write) {
        long deadline = clock.nanoTime() + INQUIRY.toNanos();
        boolean repeated = false;
        while (true) {
            try {
                return new Inquiry(write.get(), repeated);
            } catch (UnknownOutcomeException e) {
                if (clock.nanoTime() - deadline > 0) {
                    throw ApiException.timeout("the outcome of the write is unknown: " + e.getMessage(), 1, null);
                }
                pause();
                repeated = true;
            }
        }
    }

    private void pause() {
        try {
            clock.sleep(INQUIRY_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.timeout("interrupted while the outcome of the write was inquired", 1, null);
        }
    }

    private static Attempt lost(WriteResult.Conflict conflict) {
        Entry actual = conflict.actual();
        return new Attempt.Lost(actual == null ? null : stored(actual));
    }

    private static StoredObject stored(Entry entry) {
        return StoredObject.of(entry.value(), entry.modRevision());
    }

    /** Fields may come in another order and still be the same object. */
    private static boolean isSame(byte[] stored, byte[] value) {
        return Arrays.equals(stored, value)
                || (stored.length == value.length
                        && Json.MAPPER.readTree(stored).equals(Json.MAPPER.readTree(value)));
    }
}
