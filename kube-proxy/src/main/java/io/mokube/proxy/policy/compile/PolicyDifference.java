package io.mokube.proxy.policy.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What makes one table into another, to be done in one transaction and in this order.
 *
 * @param newChains chains to make, empty at first: elements of maps lead to them
 * @param newContainers sets and maps to make
 * @param rewritten chains whose rules are to be replaced, new ones among them
 * @param gone elements to remove; one whose value changes is removed and added
 * @param added elements to add
 * @param oldChains chains to empty, and to remove once no map leads to them
 * @param oldContainers sets and maps to remove
 */
public record PolicyDifference(
        List<Chain> newChains,
        Map<String, Container.Kind> newContainers,
        List<Chain> rewritten,
        Map<String, List<Key>> gone,
        Map<String, Map<Key, Verdict>> added,
        List<String> oldChains,
        Map<String, Container.Kind> oldContainers) {

    public boolean isEmpty() {
        return rewritten.isEmpty()
                && newChains.isEmpty()
                && newContainers.isEmpty()
                && gone.isEmpty()
                && added.isEmpty()
                && oldChains.isEmpty()
                && oldContainers.isEmpty();
    }

    /** What makes {@code before} into {@code after}. */
    public static PolicyDifference between(PolicyTable before, PolicyTable after) {
        List<Chain> newChains = new ArrayList<>();
        List<Chain> rewritten = new ArrayList<>();
        after.chains().forEach((name, chain) -> {
            Chain known = before.chains().get(name);
            if (known == null) {
                newChains.add(chain);
            }
            if (!chain.equals(known)) {
                rewritten.add(chain);
            }
        });
        Map<String, List<Key>> gone = new HashMap<>();
        Map<String, Map<Key, Verdict>> added = new HashMap<>();
        after.containers().forEach((name, container) -> {
            Map<Key, Verdict> now = container.elements();
            Container known = before.containers().get(name);
            Map<Key, Verdict> then = known == null ? Map.of() : known.elements();
            then.forEach((key, verdict) -> {
                if (!verdict.equals(now.get(key))) {
                    gone.computeIfAbsent(name, any -> new ArrayList<>()).add(key);
                }
            });
            now.forEach((key, verdict) -> {
                if (!verdict.equals(then.get(key))) {
                    added.computeIfAbsent(name, any -> new HashMap<>()).put(key, verdict);
                }
            });
        });
        return new PolicyDifference(
                newChains,
                missing(after.containers(), before.containers().keySet()),
                rewritten,
                gone,
                added,
                before.chains().keySet().stream()
                        .filter(each -> !after.chains().containsKey(each))
                        .toList(),
                missing(before.containers(), after.containers().keySet()));
    }

    private static Map<String, Container.Kind> missing(Map<String, Container> all, Set<String> without) {
        Map<String, Container.Kind> missing = new LinkedHashMap<>();
        all.forEach((name, container) -> {
            if (!without.contains(name)) {
                missing.put(name, container.kind());
            }
        });
        return missing;
    }
}
