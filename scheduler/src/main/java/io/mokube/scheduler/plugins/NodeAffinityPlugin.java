package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeFilter.OnlyNodes;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.NodePreference;
import io.mokube.scheduler.snapshot.NodeRequirement;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Keeps pods to the nodes that their node selector and node affinity name, and prefers those they would like. */
public final class NodeAffinityPlugin implements FilterPlugin, ScorePlugin {

    private static final String NAME = "NodeAffinity";
    private static final Verdict NO_MATCH =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match Pod's node affinity/selector"), false);

    private static final Verdict NO_MATCH_OF_ADDED =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match scheduler-enforced node affinity"), false);

    private static final Verdict.Unfit CONFLICT =
            new Verdict.Unfit(NAME, List.of("pod affinity terms conflict"), false);

    private final Optional<List<NodeRequirement>> addedRequired;
    private final List<NodePreference> addedPreferred;

    public NodeAffinityPlugin() {
        this(Optional.empty(), List.of());
    }

    /**
     * Configured with an affinity that all pods have besides their own.
     *
     * @param addedRequired one of which a node must match
     */
    public NodeAffinityPlugin(Optional<List<NodeRequirement>> addedRequired, List<NodePreference> addedPreferred) {
        this.addedRequired = addedRequired.map(List::copyOf);
        this.addedPreferred = List.copyOf(addedPreferred);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        Optional<NodeRequirement> selector = pod.nodeSelector();
        Optional<List<NodeRequirement>> required = pod.requiredNodes();
        if (selector.isEmpty() && required.isEmpty()) {
            return addedRequired
                    .<NodeFilter>map(
                            added -> node -> matchesAny(added, node.facts()) ? Verdict.FITS : NO_MATCH_OF_ADDED)
                    .orElse(NodeFilter.NONE);
        }
        Optional<Set<String>> names = required.flatMap(NodeAffinityPlugin::names);
        if (names.isPresent() && names.get().isEmpty()) {
            return NodeFilter.nowhere(CONFLICT);
        }
        OnlyNodes only = names.map(some -> new OnlyNodes(NAME, some)).orElse(null);
        return new NodeFilter() {
            @Override
            public Verdict check(NodeInfo node) {
                if (addedRequired.isPresent() && !matchesAny(addedRequired.get(), node.facts())) {
                    return NO_MATCH_OF_ADDED;
                }
                return allow(selector, required, node.facts()) ? Verdict.FITS : NO_MATCH;
            }

            @Override
            public @Nullable OnlyNodes onlyNodes() {
                return only;
            }
        };
    }

    /** The only nodes that the terms name; empty when there are no terms, or one of them names none. */
    private static Optional<Set<String>> names(List<NodeRequirement> terms) {
        Set<String> names = new HashSet<>();
        for (NodeRequirement term : terms) {
            Optional<Set<String>> named = term.namedNodes();
            if (named.isEmpty()) {
                return Optional.empty();
            }
            names.addAll(named.get());
        }
        return terms.isEmpty() ? Optional.empty() : Optional.of(names);
    }

    /** Whether a pod's node selector and required affinity allow a node. */
    static boolean allow(Optional<NodeRequirement> selector, Optional<List<NodeRequirement>> required, NodeFacts node) {
        if (selector.isPresent() && !selector.get().matches(node)) {
            return false;
        }
        return required.isEmpty() || matchesAny(required.get(), node);
    }

    private static boolean matchesAny(List<NodeRequirement> terms, NodeFacts node) {
        for (int i = 0; i < terms.size(); i++) {
            if (terms.get(i).matches(node)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.NODE_ADDED, ClusterEvent.NODE_LABELS_CHANGED);
    }

    /** A node that matches, and did not before. */
    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(NodeFacts.class)
                .map(node -> allowed(pod, node)
                        && !change.before(NodeFacts.class)
                                .map(before -> allowed(pod, before))
                                .orElse(false))
                .orElse(true);
    }

    private boolean allowed(PodInfo pod, NodeFacts node) {
        return allow(pod.nodeSelector(), pod.requiredNodes(), node)
                && (addedRequired.isEmpty() || matchesAny(addedRequired.get(), node));
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        List<NodePreference> preferences = addedPreferred.isEmpty()
                ? pod.preferredNodes()
                : Stream.concat(pod.preferredNodes().stream(), addedPreferred.stream())
                        .toList();
        if (preferences.isEmpty()) {
            return NodeScorer.NONE;
        }
        return new NodeScorer() {
            @Override
            public long score(NodeInfo node) {
                long score = 0;
                for (int i = 0; i < preferences.size(); i++) {
                    if (preferences.get(i).requirement().matches(node.facts())) {
                        score += preferences.get(i).weight();
                    }
                }
                return score;
            }

            @Override
            public void normalize(long[] scores) {
                NodeScorer.stretch(scores);
            }
        };
    }
}
