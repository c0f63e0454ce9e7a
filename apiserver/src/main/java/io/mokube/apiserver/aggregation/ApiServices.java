package io.mokube.apiserver.aggregation;

import io.mokube.apiserver.cache.CacheObserver;
import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.KubeObject;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which group versions are served elsewhere, as the APIServices say. Safe for use by many threads. */
public final class ApiServices {

    static final GroupResource RESOURCE = new GroupResource("apiregistration.k8s.io", "apiservices");

    private static final Logger log = LoggerFactory.getLogger(ApiServices.class);

    private final Map<String, RemoteVersion> byName = new TreeMap<>();
    private volatile Map<GroupVersion, RemoteVersion> remote = Map.of();

    private ApiServices() {}

    /** Follows the APIServices. */
    public static ApiServices of(WatchCache cache) {
        ApiServices services = new ApiServices();
        cache.observe(RESOURCE, CacheObserver.of(services.new Index()));
        return services;
    }

    Optional<RemoteVersion> find(GroupVersion groupVersion) {
        return Optional.ofNullable(remote.get(groupVersion));
    }

    Collection<RemoteVersion> all() {
        return remote.values();
    }

    private final class Index implements CacheObserver.ObjectIndex {

        @Override
        public void clear() {
            byName.clear();
        }

        @Override
        public void remove(String key) {
            byName.remove(key);
        }

        @Override
        public void put(CachedObject apiService) {
            byName.remove(apiService.key());
            try {
                RemoteVersion.of(KubeObject.parse(apiService.object().value()))
                        .ifPresent(version -> byName.put(apiService.key(), version));
            } catch (IllegalArgumentException e) {
                log.atWarn()
                        .setMessage("an APIService can't be understood and is left out")
                        .addKeyValue("name", apiService.key())
                        .setCause(e)
                        .log();
            }
        }

        @Override
        public void publish() {
            Map<GroupVersion, RemoteVersion> next = new HashMap<>();
            byName.values().forEach(version -> next.put(version.groupVersion(), version));
            if (!next.equals(remote)) {
                remote = Map.copyOf(next);
            }
        }
    }
}
