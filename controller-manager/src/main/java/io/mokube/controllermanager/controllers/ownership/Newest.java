package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.informer.Informer;
import io.mokube.client.rest.ConnectionException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A cache with one's own writes laid over it, until it shows them. Who decides on this never decides on a state from before
 * its own writes, and waits for nothing. Used by one thread.
 */
public final class Newest<T extends HasMetadata> {

    /** Where the objects come from, some time after they were written. */
    public interface Cache<T> {

        static <T> Cache<T> of(Informer<T> informer) {
            return new Cache<>() {
                @Override
                public Optional<T> get(ObjectKey key) {
                    return informer.store().get(key);
                }

                @Override
                public List<T> list() {
                    return informer.store().list();
                }

                @Override
                public long version() {
                    return informer.version();
                }
            };
        }

        Optional<T> get(ObjectKey key);

        List<T> list();

        /** How far the cache is: it shows every write up to this revision. */
        long version();
    }

    private final Cache<T> cache;
    private final Map<ObjectKey, T> written = new HashMap<>();
    private final Set<ObjectKey> unanswered = new HashSet<>();

    public Newest(Cache<T> cache) {
        this.cache = cache;
    }

    public Optional<T> get(ObjectKey key) {
        T mine = written.get(key);
        if (mine == null) {
            return cache.get(key);
        }
        long version = cache.version(); // before the look-up, which is then at least as new
        Optional<T> cached = cache.get(key);
        boolean caughtUp = version >= Ownership.revision(mine)
                || cached.filter(each -> Ownership.revision(each) >= Ownership.revision(mine))
                        .isPresent();
        if (caughtUp) {
            written.remove(key);
            return cached;
        }
        return Optional.of(mine);
    }

    public Collection<T> list() {
        if (written.isEmpty()) {
            return cache.list();
        }
        Map<ObjectKey, T> newest = new HashMap<>();
        cache.list().forEach(each -> newest.put(Ownership.key(each), each));
        for (ObjectKey key : List.copyOf(written.keySet())) {
            get(key).ifPresentOrElse(each -> newest.put(key, each), () -> newest.remove(key));
        }
        return newest.values();
    }

    /** This is what the server answered to a write. */
    public void wrote(T answer) {
        written.put(Ownership.key(answer), answer);
    }

    /**
     * Sends a write of an object and remembers what came of it.
     *
     * @throws RuntimeException what the request threw
     */
    public void write(T object, Supplier<T> request) {
        try {
            wrote(request.get());
        } catch (RuntimeException e) {
            failed(Ownership.key(object), e);
            throw e;
        }
    }

    /** A write failed. When that leaves open whether it was carried out, the server is asked before the next decision. */
    public void failed(ObjectKey key, RuntimeException failure) {
        if (failure instanceof ConnectionException
                || (failure instanceof ApiException answer && answer.code() >= HttpURLConnection.HTTP_INTERNAL_ERROR)) {
            unanswered.add(key);
        }
    }

    /** Asks the server about the writes that got no answer. */
    public void settle(Function<ObjectKey, Optional<T>> server) {
        for (ObjectKey key : new ArrayList<>(unanswered)) {
            server.apply(key).ifPresent(this::wrote);
            unanswered.remove(key);
        }
    }
}
