package io.mokube.apiserver.verbs;

import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.KeyValueStore.UnknownOutcomeException;
import io.mokube.apiserver.storage.KeyValueStore.WriteResult;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which service has which node port. Each port that is given out has a key in the store, so the store itself sees to it that
 * no two services get the same, whatever servers they were created by and however far these have read.
 */
final class NodePorts {

    private static final String PREFIX = "/registry/servicenodeports/";
    private static final String END = "/registry/servicenodeports0";

    private static final int FIRST = 30_000;
    private static final int COUNT = 2768;

    /** So many of the first ports are left to those who choose one themselves while there are others, as in Kubernetes. */
    private static final int LEFT_TO_CHOOSE = 86;

    private final KeyValueStore store;
    private final Function<ObjectKey, @Nullable KubeObject> services;
    private final Platform platform;

    /**
     * @param services the service of a key as the store has it now, or null
     */
    NodePorts(KeyValueStore store, Function<ObjectKey, @Nullable KubeObject> services, Platform platform) {
        this.store = store;
        this.services = services;
        this.platform = platform;
    }

    static boolean isValid(int port) {
        return port >= FIRST && port < FIRST + COUNT;
    }

    static String outOfRange() {
        return "provided port is not in the valid range. The range of valid ports is " + FIRST + "-"
                + (FIRST + COUNT - 1);
    }

    /** The node ports that a service has, that of its health checks among them. */
    static Set<Integer> of(KubeObject service) {
        Set<Integer> ports = new LinkedHashSet<>();
        for (JsonNode port : service.at("spec", "ports")) {
            ports.add(port.path("nodePort").asInt(0));
        }
        ports.add(service.at("spec", "healthCheckNodePort").asInt(0));
        ports.remove(0);
        return ports;
    }

    /** Claims a port for a service; false when another one has it. */
    boolean claim(int port, KubeObject service) {
        WriteResult result = sure(() -> store.put(key(port), value(service), Expect.ABSENT, null));
        return switch (result) {
            case WriteResult.Written written -> true;
            case WriteResult.Conflict conflict ->
                conflict.actual() != null && takeOver(conflict.actual(), port, service);
        };
    }

    /**
     * Claims some port that is free.
     *
     * @throws ApiException 500 when there is none
     */
    int claimAny(KubeObject service) {
        Map<Integer, Entry> taken = store.range(PREFIX, END, 0, 0).entries().stream()
                .collect(Collectors.toMap(
                        entry -> Integer.valueOf(entry.key().substring(PREFIX.length())), Function.identity()));
        int chosen = claimFree(FIRST + LEFT_TO_CHOOSE, COUNT - LEFT_TO_CHOOSE, taken.keySet(), service);
        if (chosen == 0) {
            chosen = claimFree(FIRST, LEFT_TO_CHOOSE, taken.keySet(), service);
        }
        if (chosen == 0) {
            chosen = taken.entrySet().stream()
                    .filter(each -> takeOver(each.getValue(), each.getKey(), service))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElseThrow(() -> ApiException.internal("failed to allocate a nodePort: range is full"));
        }
        return chosen;
    }

    private int claimFree(int first, int count, Set<Integer> taken, KubeObject service) {
        int start = platform.random().nextInt(count);
        for (int i = 0; i < count; i++) {
            int port = first + (start + i) % count;
            if (!taken.contains(port) && claim(port, service)) {
                return port;
            }
        }
        return 0;
    }

    /** Gives a port back, unless another service has it. */
    void release(int port, KubeObject service) {
        List<Entry> found = store.get(key(port), 0).entries();
        if (!found.isEmpty() && claim(found.getFirst()).path("uid").asString("").equals(service.uid())) {
            sure(() -> store.delete(key(port), Expect.at(found.getFirst().modRevision())));
        }
    }

    private boolean takeOver(Entry present, int port, KubeObject service) {
        JsonNode claim = claim(present);
        Instant now = platform.clock().instant();
        if (Instant.parse(claim.path("since").asString(""))
                .plus(ServiceAllocation.ABANDONED)
                .isAfter(now)) {
            return false;
        }
        KubeObject owner = services.apply(new ObjectKey(
                claim.path("namespace").asString(""), claim.path("name").asString("")));
        boolean inUse = owner != null
                && owner.uid().equals(claim.path("uid").asString(""))
                && of(owner).contains(port);
        return !inUse
                && sure(() -> store.put(key(port), value(service), Expect.at(present.modRevision()), null))
                        instanceof WriteResult.Written;
    }

    /** A claim that may have been written counts as none: who asks for it later finds it abandoned. */
    private static WriteResult sure(Supplier<WriteResult> write) {
        try {
            return write.get();
        } catch (UnknownOutcomeException e) {
            throw ApiException.timeout("whether a node port was claimed is unknown: " + e.getMessage(), 1, null);
        }
    }

    private static String key(int port) {
        return PREFIX + port;
    }

    private static JsonNode claim(Entry entry) {
        return Json.MAPPER.readTree(entry.value());
    }

    private byte[] value(KubeObject service) {
        ObjectNode claim = Json.MAPPER.createObjectNode();
        claim.put("namespace", service.namespace());
        claim.put("name", service.name());
        claim.put("uid", service.uid());
        claim.put("since", Lifecycle.timestamp(platform.clock().instant()));
        return claim.toString().getBytes(StandardCharsets.UTF_8);
    }
}
