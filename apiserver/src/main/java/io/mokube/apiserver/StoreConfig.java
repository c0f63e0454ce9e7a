package io.mokube.apiserver;

import io.mokube.apiserver.storage.KeyValueStore;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where an API server keeps its state. */
public sealed interface StoreConfig {

    /** In memory, gone when the server stops: for tests. */
    record InMemory() implements StoreConfig {}

    /** In the server's own process, durable in this folder. */
    record Embedded(Path directory) implements StoreConfig {}

    /**
     * In an etcd cluster.
     *
     * @param endpoints such as {@code http://127.0.0.1:2379}
     * @param authority whom to trust, PEM; null for plain connections or the system's authorities
     * @param certificate what to show, PEM, or null
     * @param key the key of that, or null
     */
    record Etcd(
            List<URI> endpoints,
            @Nullable Path authority,
            @Nullable Path certificate,
            @Nullable Path key) implements StoreConfig {

        public Etcd {
            endpoints = List.copyOf(endpoints);
        }
    }

    /** In a store that someone else made and will close. */
    record Existing(KeyValueStore store) implements StoreConfig {}
}
