package io.mokube.proxy.policy.compile;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a table, or a part of one, consists of: chains, sets and maps by name. */
public record PolicyTable(Map<String, Chain> chains, Map<String, Container> containers) {

    /** A table without anything, to be filled. */
    static PolicyTable empty() {
        return new PolicyTable(new LinkedHashMap<>(), new LinkedHashMap<>());
    }

    void add(Chain chain) {
        chains.put(chain.name(), chain);
    }

    Container add(String name, Container.Kind kind) {
        return containers.computeIfAbsent(name, any -> Container.of(kind));
    }

    void addAll(PolicyTable part) {
        chains.putAll(part.chains);
        containers.putAll(part.containers);
    }
}
