package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.rest.ConnectionException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What owners have written and their cache may not show yet. An owner that decided on a cache from before its own writes
 * would create or delete a second time; it waits for {@link #observed} instead. A wait has no deadline, because only
 * the cache can end it: it ends when the cache shows the write or has provably passed it.
 *
 * <p>A request without an answer may have been carried out all the same. Its owner asks the server, with {@link #settle},
 * before it decides on anything.
 *
 * <p>Owners are told apart by UID, so a namesake begins with nothing to wait for. Safe for use by many threads.
 */
public final class OwnWrites {

    private final Map<String, Map<ObjectKey, Write>> byOwner = new ConcurrentHashMap<>();
    private final Map<String, Set<ObjectKey>> unanswered = new ConcurrentHashMap<>();

    private sealed interface Write {
        /** The dependent exists at this revision or later. */
        record Stored(long revision) implements Write {}

        /** The dependent of this UID is being deleted, or gone. */
        record Deleted(String uid) implements Write {}
    }

    /** The owner created or changed a dependent; this is what the server answered. */
    public void stored(String ownerUid, HasMetadata answer) {
        remember(ownerUid, Ownership.key(answer), new Write.Stored(Ownership.revision(answer)));
    }

    /** The server took the deletion of a dependent. */
    public void deleted(String ownerUid, HasMetadata dependent) {
        remember(
                ownerUid,
                Ownership.key(dependent),
                new Write.Deleted(dependent.getMetadata().getUid()));
    }

    /**
     * A request about a dependent failed. When that leaves open whether it was carried out, it counts as unanswered.
     *
     * @return whether it does
     */
    public boolean failed(String ownerUid, ObjectKey dependent, RuntimeException failure) {
        boolean open = failure instanceof ConnectionException
                || (failure instanceof ApiException answer && answer.code() >= HttpURLConnection.HTTP_INTERNAL_ERROR);
        if (open) {
            unanswered
                    .computeIfAbsent(ownerUid, uid -> ConcurrentHashMap.newKeySet())
                    .add(dependent);
        }
        return open;
    }

    /**
     * Asks about the requests that got no answer. What the server has now is waited for from here on.
     *
     * @param server looks a dependent up where nothing is out of date; when it fails, the rest is asked for next time
     * @return the dependents that are there
     */
    public List<ObjectKey> settle(
            String ownerUid, Function<ObjectKey, ? extends Optional<? extends HasMetadata>> server) {
        Set<ObjectKey> unknown = unanswered.getOrDefault(ownerUid, Set.of());
        List<ObjectKey> found = new ArrayList<>();
        for (ObjectKey key : List.copyOf(unknown)) {
            server.apply(key).ifPresent(there -> {
                stored(ownerUid, there);
                found.add(key);
            });
            unknown.remove(key);
        }
        return found;
    }

    /**
     * Whether the cache shows everything this owner wrote.
     *
     * @param cache looks a dependent up
     * @param cacheRevision how far the cache is; read it before any of the lookups whose result the owner decides on
     */
    public boolean observed(
            String ownerUid, Function<ObjectKey, ? extends @Nullable HasMetadata> cache, long cacheRevision) {
        Map<ObjectKey, Write> writes = byOwner.get(ownerUid);
        if (writes == null) {
            return true;
        }
        writes.entrySet().removeIf(entry -> shows(cache.apply(entry.getKey()), entry.getValue(), cacheRevision));
        return writes.isEmpty();
    }

    /** The owner is gone. */
    public void forget(String ownerUid) {
        byOwner.remove(ownerUid);
        unanswered.remove(ownerUid);
    }

    private void remember(String ownerUid, ObjectKey dependent, Write write) {
        byOwner.computeIfAbsent(ownerUid, uid -> new ConcurrentHashMap<>()).put(dependent, write);
    }

    private static boolean shows(@Nullable HasMetadata cached, Write write, long cacheRevision) {
        return switch (write) {
            case Write.Stored(long revision) ->
                cacheRevision >= revision || (cached != null && Ownership.revision(cached) >= revision);
            case Write.Deleted(String uid) ->
                cached == null
                        || Ownership.isBeingDeleted(cached)
                        || !cached.getMetadata().getUid().equals(uid);
        };
    }
}
