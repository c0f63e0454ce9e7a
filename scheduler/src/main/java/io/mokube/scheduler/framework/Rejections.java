package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.Snapshot;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Why each node of a snapshot was ruled out. */
public final class Rejections {

    private static final Verdict.@Nullable Unfit[] NONE_ASKED = {};

    /** Nobody objected, as far as anybody was asked. */
    static final Rejections NONE = new Rejections(0, NONE_ASKED, null, Set.of());

    private final int nodes;
    /** By position; empty when no node was asked. */
    private final Verdict.@Nullable Unfit[] asked;
    /** What holds for all nodes that were not asked. */
    private final Verdict.@Nullable Unfit others;
    /** The plugins that left these nodes out. */
    private final Set<String> leftOutBy;

    private Rejections(
            int nodes, Verdict.@Nullable Unfit[] asked, Verdict.@Nullable Unfit others, Set<String> leftOutBy) {
        this.nodes = nodes;
        this.asked = asked;
        this.others = others;
        this.leftOutBy = leftOutBy;
    }

    /** What the nodes said, by position. */
    static Rejections of(Verdict.@Nullable Unfit[] byPosition) {
        return new Rejections(byPosition.length, byPosition, null, Set.of());
    }

    /** What some nodes said, and what holds for those that were left out. */
    static Rejections of(Verdict.@Nullable Unfit[] byPosition, Verdict.Unfit others, Set<String> leftOutBy) {
        return new Rejections(byPosition.length, byPosition, others, leftOutBy);
    }

    /** One reason against all nodes, none of which was asked. */
    static Rejections everywhere(int nodes, Verdict.Unfit why, Set<String> plugins) {
        return new Rejections(nodes, NONE_ASKED, why, plugins);
    }

    /** The same, and what extenders have against nodes that plugins let pass. */
    Rejections with(Map<String, Verdict.Unfit> objections, Snapshot snapshot) {
        Verdict.@Nullable Unfit[] all = asked.clone();
        objections.forEach((node, objection) -> all[snapshot.position(node)] = objection);
        return new Rejections(nodes, all, others, leftOutBy);
    }

    public int nodes() {
        return nodes;
    }

    /** The verdict on the node at a place of the snapshot's order; null when it was not asked or fits. */
    public Verdict.@Nullable Unfit at(int position) {
        Verdict.Unfit said = asked.length == 0 ? null : asked[position];
        return said == null ? others : said;
    }

    /** The names of the plugins that ruled a node out. */
    public Set<String> plugins() {
        Set<String> plugins = new LinkedHashSet<>(leftOutBy);
        counted().forEach((verdict, count) -> plugins.add(verdict.plugin()));
        return plugins;
    }

    /** The sentence users know: {@code 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.} */
    public String summary() {
        if (asked.length == 0 && others != null) {
            // The pod was rejected, and not node by node.
            return "0/" + nodes + " nodes are available: " + String.join(", ", others.reasons()) + ".";
        }
        Map<Verdict.Unfit, Integer> said = counted();
        Map<String, Integer> counts = new HashMap<>();
        said.forEach((verdict, count) -> count(verdict.reasons(), count, counts));
        int silent = asked.length
                - said.values().stream().mapToInt(Integer::intValue).sum();
        if (others != null && silent > 0) {
            count(others.reasons(), silent, counts);
        }
        return summary(nodes, counts);
    }

    /**
     * How many nodes said each thing. Most nodes say the same, in one object that a plugin gives to all of them, so that
     * a word on thousands of nodes costs one comparison a node.
     */
    @SuppressWarnings("ReferenceEquality") // a run of equal verdicts that are several objects is only counted in parts
    private Map<Verdict.Unfit, Integer> counted() {
        Map<Verdict.Unfit, Integer> counts = new LinkedHashMap<>();
        Verdict.Unfit previous = null;
        int run = 0;
        for (Verdict.Unfit verdict : asked) {
            if (verdict != previous) {
                if (previous != null) {
                    counts.merge(previous, run, Integer::sum);
                }
                previous = verdict;
                run = 0;
            }
            run++;
        }
        if (previous != null) {
            counts.merge(previous, run, Integer::sum);
        }
        return counts;
    }

    /** Adds one to the count of each reason. */
    public static void count(List<String> reasons, Map<String, Integer> counts) {
        count(reasons, 1, counts);
    }

    private static void count(List<String> reasons, int nodes, Map<String, Integer> counts) {
        for (String reason : reasons) {
            counts.merge(reason, nodes, Integer::sum);
        }
    }

    /** The same sentence for counts made elsewhere. */
    public static String summary(int nodes, Map<String, Integer> counts) {
        TreeSet<String> sorted = new TreeSet<>();
        counts.forEach((reason, count) -> sorted.add(count + " " + reason));
        String head = "0/" + nodes + " nodes are available:";
        return sorted.isEmpty() ? head : head + " " + String.join(", ", sorted) + ".";
    }
}
