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

    private static final Domains NO_DOMAINS = Domains.none();

    private final Map<String, Domains> byKey;

    private DomainSums(Map<String, Domains> byKey) {
        this.byKey = byKey;
    }

    /** The domains of a topology key; none when no node contributed under it. */
    public Domains of(String key) {
        Domains domains = byKey.get(key);
        return domains == null ? NO_DOMAINS : domains;
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

    /**
     * The place of each value of a topology key in arrays. Places are only ever added, so that all sums that came from
     * one another share them; values whose nodes are gone keep theirs. Safe for use by many threads.
     */
    private static final class Places {

        private final Map<String, Integer> byValue = new HashMap<>();

        synchronized @Nullable Integer find(String value) {
            return byValue.get(value);
        }

        synchronized int findOrAdd(String value) {
            Integer known = byValue.get(value);
            if (known == null) {
                known = byValue.size();
                byValue.put(value, known);
            }
            return known;
        }
    }

    /** The domains of one topology key. */
    public static final class Domains {

        /** Sums that have not seen a value have arrays that end before its place. */
        private final Places places;

        private final int[] nodes;
        private final int[] amounts;
        private final long total;

        private Domains(Places places, int[] nodes, int[] amounts, long total) {
            this.places = places;
            this.nodes = nodes;
            this.amounts = amounts;
            this.total = total;
        }

        private static Domains none() {
            return new Domains(new Places(), new int[0], new int[0], 0);
        }

        /** What was contributed to a value's domain. */
        public int amount(String value) {
            Integer place = places.find(value);
            return place == null || place >= amounts.length ? 0 : amounts[place];
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
                drafts.computeIfAbsent(key, this::draft).add(value, nodes, amount);
            }
        }

        private Draft draft(String key) {
            Domains domains = from.byKey.get(key);
            return new Draft(domains == null ? Domains.none() : domains);
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

        private final Places places;
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
            int place = places.findOrAdd(value);
            if (place >= nodes.length) {
                int length = Math.max(8, place * 2);
                nodes = Arrays.copyOf(nodes, length);
                amounts = Arrays.copyOf(amounts, length);
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
