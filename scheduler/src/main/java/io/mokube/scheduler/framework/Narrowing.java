package io.mokube.scheduler.framework;

import io.mokube.scheduler.framework.NodeFilter.OnlyNodes;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that filters left before any was asked.
 *
 * @param plugins the names of the plugins that left others out
 * @param names of the nodes that are left; null when all are
 */
record Narrowing(Set<String> plugins, @Nullable Set<String> names) {

    static final Narrowing NONE = new Narrowing(Set.of(), null);

    Narrowing and(OnlyNodes only) {
        Set<String> both = new TreeSet<>(plugins);
        both.add(only.plugin());
        if (names == null) {
            return new Narrowing(both, only.names());
        }
        Set<String> left = new HashSet<>(names);
        left.retainAll(only.names());
        return new Narrowing(both, left);
    }

    /** Whether no node, of whatever name, is left. */
    boolean isImpossible() {
        return names != null && names.isEmpty();
    }

    /** Why none is. */
    Verdict.Unfit contradiction() {
        String reason = plugins.size() == 1
                ? "node(s) didn't satisfy plugin " + plugins.iterator().next()
                : "node(s) didn't satisfy plugin(s) " + list() + " simultaneously";
        return unfit(reason);
    }

    /** What is said of nodes that are not among those left. */
    Verdict.Unfit leftOut() {
        return unfit("node(s) didn't satisfy plugin(s) " + list());
    }

    private Verdict.Unfit unfit(String reason) {
        return new Verdict.Unfit(plugins.iterator().next(), List.of(reason), false);
    }

    private String list() {
        return "[" + String.join(" ", plugins) + "]";
    }

    /** Where the nodes that are left and exist stand in the search order, ascending; null when all are left. */
    int @Nullable [] positions(Snapshot snapshot) {
        return names == null
                ? null
                : names.stream()
                        .mapToInt(snapshot::position)
                        .filter(position -> position >= 0)
                        .sorted()
                        .toArray();
    }
}
