package io.mokube.apiserver.storage.etcd;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to reach an etcd cluster.
 *
 * @param endpoints the client URLs of its members, all with http or all with https
 * @param authority whom to trust, PEM; null for the system's authorities
 * @param certificate what to show, PEM, or null
 * @param key the key of that, PKCS #8 PEM, or null
 * @param maxValueBytes the greatest size of a value; etcd's own limit is on a whole request
 * @param deadline how long a call may take
 * @param historyAge after what time the store compacts, or null when somebody else does
 */
public record EtcdStoreConfig(
        List<URI> endpoints,
        @Nullable Path authority,
        @Nullable Path certificate,
        @Nullable Path key,
        int maxValueBytes,
        Duration deadline,
        @Nullable Duration historyAge) {

    /** The room that a request needs beside the value, below etcd's default limit of 1.5 MiB. */
    private static final int DEFAULT_MAX_VALUE_BYTES = 1536 * 1024 - 4096;

    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(10);
    private static final Duration DEFAULT_HISTORY_AGE = Duration.ofMinutes(5);

    public EtcdStoreConfig {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("no etcd endpoint given");
        }
        for (URI endpoint : endpoints) {
            String scheme = endpoint.getScheme();
            if (endpoint.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
                throw new IllegalArgumentException("not an etcd endpoint, such as http://127.0.0.1:2379: " + endpoint);
            }
            if (!scheme.equals(endpoints.getFirst().getScheme())) {
                throw new IllegalArgumentException("etcd endpoints must be all http or all https: " + endpoints);
            }
        }
    }

    /** Plain connections, or TLS with the files given, and the limits that Kubernetes uses. */
    public static EtcdStoreConfig of(
            List<URI> endpoints, @Nullable Path authority, @Nullable Path certificate, @Nullable Path key) {
        return new EtcdStoreConfig(
                endpoints, authority, certificate, key, DEFAULT_MAX_VALUE_BYTES, DEFAULT_DEADLINE, DEFAULT_HISTORY_AGE);
    }

    boolean tls() {
        return "https".equals(endpoints.getFirst().getScheme());
    }
}
