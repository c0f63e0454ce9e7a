package io.mokube.proxy.compile;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What makes one table into another, to be done in one transaction and in this order.
 *
 * @param newAffinitySets sets to make
 * @param newChains chains to make
 * @param rewritten chains whose rules are to be replaced, new ones among them
 * @param gone elements to remove; one whose value changes is removed and added
 * @param added elements to add
 * @param oldChains chains to remove
 * @param oldAffinitySets sets to remove
 */
public record Difference(
        List<String> newAffinitySets,
        List<Chain> newChains,
        List<Chain> rewritten,
        Map<Container, List<ElementKey>> gone,
        Map<Container, Map<ElementKey, ElementValue>> added,
        List<String> oldChains,
        List<String> oldAffinitySets) {

    public boolean isEmpty() {
        return newAffinitySets.isEmpty()
                && newChains.isEmpty()
                && rewritten.isEmpty()
                && gone.isEmpty()
                && added.isEmpty()
                && oldChains.isEmpty()
                && oldAffinitySets.isEmpty();
    }

    /** What makes {@code before} into {@code after}. */
    public static Difference between(Contents before, Contents after) {
        List<Chain> newChains = new ArrayList<>();
        List<Chain> rewritten = new ArrayList<>();
        after.chains().forEach((name, chain) -> {
            Chain wanted = chain.orElseThrow();
            Optional<Chain> known = before.chains().get(name);
            if (known == null) {
                newChains.add(wanted);
                if (!wanted.rules().isEmpty()) {
                    rewritten.add(wanted);
                }
            } else if (!known.equals(chain)) {
                rewritten.add(wanted);
            }
        });

        Map<Container, List<ElementKey>> gone = new EnumMap<>(Container.class);
        Map<Container, Map<ElementKey, ElementValue>> added = new EnumMap<>(Container.class);
        before.elements().forEach((slot, value) -> {
            if (!value.equals(after.elements().get(slot))) {
                gone.computeIfAbsent(slot.container(), any -> new ArrayList<>()).add(slot.key());
            }
        });
        after.elements().forEach((slot, value) -> {
            if (!value.equals(before.elements().get(slot))) {
                added.computeIfAbsent(slot.container(), any -> new HashMap<>()).put(slot.key(), value);
            }
        });
        return new Difference(
                minus(after.affinitySets(), before.affinitySets()),
                newChains,
                rewritten,
                gone,
                added,
                minus(before.chains().keySet(), after.chains().keySet()),
                minus(before.affinitySets(), after.affinitySets()));
    }

    private static List<String> minus(Set<String> all, Set<String> without) {
        return all.stream().filter(each -> !without.contains(each)).sorted().toList();
    }
}
