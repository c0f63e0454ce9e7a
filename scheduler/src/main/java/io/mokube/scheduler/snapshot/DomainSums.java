package io.mokube.scheduler.snapshot;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What all nodes contribute to a {@link Tally}, summed up by topology domain: a topology key and a value of this label.
 * Immutable; a change of few nodes copies two arrays of numbers for each key that it concerns.
 */
public final class DomainSums {

    /** The key under which each node is a domain of its own by its name, whatever its labels say. */
    public static final String EACH_NODE = "";

    public static final DomainSums NONE = new DomainSums(Map.of());

    private final Map<String, Domains> byKey;

    private DomainSums(Map<String, Domains> byKey) {
        this.byKey = byKey;
    }

    /** The domains of a topology key; none when no node contributed under it. */
    public Domains of(String key) {
        return byKey.getOrDefault(key, Domains.NONE);
    }

    /** The topology keys under which nodes contributed. */
    public Set<String> keys() {
        return byKey.keySet();
    }

    /** Whether nothing was contributed anywhere; only of use for tallies that contribute nothing negative. */
    public boolean areZero() {
        for (Domains domains : byKey.values()) {
            if (domains.total != 0) {
                return false;
            }
        }
        return true;
    }

    /** The domains of one topology key. */
    public static final class Domains {

        private static final Domains NONE = new Domains(Map.of(), new int[0], new int[0], 0);

        /** The place of each value in the arrays. Values whose nodes are gone keep their place. */
        private final Map<String, Integer> places;

        private final int[] nodes;
        private final int[] amounts;
        private final long total;

        private Domains(Map<String, Integer> places, int[] nodes, int[] amounts, long total) {
            this.places = places;
            this.nodes = nodes;
            this.amounts = amounts;
            this.total = total;
        }

        /** What was contributed to a value's domain. */
        public int amount(String value) {
            Integer place = places.get(value);
            return place == null ? 0 : amounts[place];
        }

        /** How many domains have nodes that contributed, if only 0. */
        public int count() {
            int count = 0;
            for (int each : nodes) {
                count += each > 0 ? 1 : 0;
            }
            return count;
        }

        /** The least amount of the domains that have nodes; 0 without any. */
        public int least() {
            int least = Integer.MAX_VALUE;
            for (int i = 0; i < nodes.length; i++) {
                if (nodes[i] > 0) {
                    least = Math.min(least, amounts[i]);
                }
            }
            return least == Integer.MAX_VALUE ? 0 : least;
        }
    }

    /** These sums with some nodes taken away and others added. */
    Change change() {
        return new Change(this);
    }

    /** A change under way; what it does not touch is shared with the sums it began from. */
    static final class Change {

        private final DomainSums from;
        private final Map<String, Draft> drafts = new HashMap<>();

        private Change(DomainSums from) {
            this.from = from;
        }

        void add(NodeInfo node, Map<String, Integer> contribution) {
            contribution.forEach((key, amount) -> add(node, key, 1, amount));
        }

        void remove(NodeInfo node, Map<String, Integer> contribution) {
            contribution.forEach((key, amount) -> add(node, key, -1, -amount));
        }

        private void add(NodeInfo node, String key, int nodes, int amount) {
            String value =
                    key.equals(EACH_NODE) ? node.name() : node.facts().labels().get(key);
            if (value != null) {
                drafts.computeIfAbsent(key, each -> new Draft(from.of(each))).add(value, nodes, amount);
            }
        }

        DomainSums sums() {
            if (drafts.isEmpty()) {
                return from;
            }
            Map<String, Domains> byKey = new HashMap<>(from.byKey);
            drafts.forEach((key, draft) -> byKey.put(key, draft.domains()));
            return new DomainSums(byKey);
        }
    }

    private static final class Draft {

        private Map<String, Integer> places;
        /** The places as a map that nobody else sees, once a value was added. */
        private @Nullable Map<String, Integer> ownPlaces;

        private int[] nodes;
        private int[] amounts;
        private long total;

        Draft(Domains from) {
            places = from.places;
            nodes = from.nodes.clone();
            amounts = from.amounts.clone();
            total = from.total;
        }

        void add(String value, int moreNodes, int amount) {
            Integer known = places.get(value);
            int place;
            if (known == null) {
                place = places.size();
                if (ownPlaces == null) {
                    ownPlaces = new HashMap<>(places);
                    places = ownPlaces;
                }
                ownPlaces.put(value, place);
                if (place == nodes.length) {
                    int length = Math.max(8, place * 2);
                    nodes = Arrays.copyOf(nodes, length);
                    amounts = Arrays.copyOf(amounts, length);
                }
            } else {
                place = known;
            }
            nodes[place] += moreNodes;
            amounts[place] += amount;
            total += amount;
        }

        Domains domains() {
            return new Domains(places, nodes, amounts, total);
        }
    }
}
