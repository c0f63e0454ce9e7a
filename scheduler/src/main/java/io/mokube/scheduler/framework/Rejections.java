package io.mokube.scheduler.framework;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Why each node of a snapshot was ruled out. */
public final class Rejections {

    private final Verdict.@Nullable Unfit[] byPosition;

    Rejections(Verdict.@Nullable Unfit[] byPosition) {
        this.byPosition = byPosition;
    }

    public int nodes() {
        return byPosition.length;
    }

    /** The verdict on the node at a place of the snapshot's order; null when it was not asked or fits. */
    public Verdict.@Nullable Unfit at(int position) {
        return byPosition[position];
    }

    /** The names of the plugins that ruled a node out. */
    public Set<String> plugins() {
        Set<String> plugins = new LinkedHashSet<>();
        for (Verdict.Unfit verdict : byPosition) {
            if (verdict != null) {
                plugins.add(verdict.plugin());
            }
        }
        return plugins;
    }

    /** The sentence users know: {@code 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.} */
    public String summary() {
        Map<String, Integer> counts = new HashMap<>();
        for (Verdict.Unfit verdict : byPosition) {
            if (verdict != null) {
                count(verdict.reasons(), counts);
            }
        }
        return summary(byPosition.length, counts);
    }

    /** Adds one to the count of each reason. */
    public static void count(List<String> reasons, Map<String, Integer> counts) {
        for (String reason : reasons) {
            counts.merge(reason, 1, Integer::sum);
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
