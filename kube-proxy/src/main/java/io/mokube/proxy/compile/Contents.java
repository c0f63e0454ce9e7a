package io.mokube.proxy.compile;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a table, or a part of one, consists of.
 *
 * @param chains by name; nothing for one that is there with rules nobody knows
 * @param affinitySets the sets in which endpoints remember their clients
 * @param elements what the table's sets and maps hold
 */
public record Contents(
        Map<String, Optional<Chain>> chains, Set<String> affinitySets, Map<Slot, ElementValue> elements) {

    /** The place of an element. */
    public record Slot(Container container, ElementKey key) {}

    /** An empty table, to be filled. */
    public static Contents empty() {
        return new Contents(new LinkedHashMap<>(), new HashSet<>(), new HashMap<>());
    }

    /** Whether the sets and chains of the frame are those that this release makes. */
    public boolean hasPresentLayout() {
        return chains.containsKey(Frame.LAYOUT);
    }

    void add(Chain chain) {
        chains.put(chain.name(), Optional.of(chain));
    }

    void add(Container container, ElementKey key, ElementValue value) {
        elements.put(new Slot(container, key), value);
    }

    void addAll(Contents part) {
        chains.putAll(part.chains);
        affinitySets.addAll(part.affinitySets);
        elements.putAll(part.elements);
    }
}
