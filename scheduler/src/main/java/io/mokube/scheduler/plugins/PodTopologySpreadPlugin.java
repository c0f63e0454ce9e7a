package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.snapshot.SpreadConstraint;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Spreads pods that are alike over nodes, zones and whatever else labels tell apart. */
public final class PodTopologySpreadPlugin implements FilterPlugin, ScorePlugin {

    private static final String NAME = "PodTopologySpread";
    private static final String HOSTNAME = "kubernetes.io/hostname";

    private static final Verdict UNEVEN =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match pod topology spread constraints"), true);
    private static final Verdict NO_LABEL = new Verdict.Unfit(
            NAME, List.of("node(s) didn't match pod topology spread constraints (missing required label)"), false);

    private final List<SpreadConstraint> defaults;

    public PodTopologySpreadPlugin() {
        this(SpreadConstraint.SYSTEM_DEFAULTS);
    }

    /**
     * Configured.
     *
     * @param defaults hold for pods that state no constraint, with the selector of their controller and services
     */
    public PodTopologySpreadPlugin(List<SpreadConstraint> defaults) {
        this.defaults = List.copyOf(defaults);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        List<SpreadConstraint> hard = constraints(pod, snapshot, true);
        return hard.isEmpty() ? NodeFilter.NONE : new HardSpread(pod, hard, snapshot);
    }

    /** Those of one kind that hold for a pod: its own, or the defaults for the pods that belong to it. */
    private List<SpreadConstraint> constraints(PodInfo pod, Snapshot snapshot, boolean hard) {
        List<SpreadConstraint> all = pod.spread().isEmpty() ? defaults : pod.spread();
        List<SpreadConstraint> those =
                all.stream().filter(constraint -> constraint.hard() == hard).toList();
        if (those.isEmpty() || !pod.spread().isEmpty()) {
            return those;
        }
        return snapshot.workloads()
                .selectorOf(pod)
                .map(selector -> those.stream()
                        .map(constraint -> constraint.selecting(selector))
                        .toList())
                .orElse(List.of());
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(
                ClusterEvent.NODE_ADDED,
                ClusterEvent.NODE_REMOVED,
                ClusterEvent.NODE_LABELS_CHANGED,
                ClusterEvent.NODE_TAINTS_CHANGED,
                ClusterEvent.ASSIGNED_POD_ADDED,
                ClusterEvent.ASSIGNED_POD_CHANGED,
                ClusterEvent.ASSIGNED_POD_REMOVED);
    }

    /** A pod must be, or have been, one that counts; a node must have, or have had, all the labels. */
    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        if (pod.spread().isEmpty()) {
            // The defaults; which pods they count depends on the cluster.
            return true;
        }
        List<SpreadConstraint> hard =
                pod.spread().stream().filter(SpreadConstraint::hard).toList();
        if (change.before() instanceof NodeFacts || change.after() instanceof NodeFacts) {
            return change.before(NodeFacts.class).filter(node -> hasAllLabels(hard, node)).isPresent()
                    || change.after(NodeFacts.class).filter(node -> hasAllLabels(hard, node)).isPresent();
        }
        return change.before(PodInfo.class).map(other -> counts(pod, hard, other)).orElse(false)
                || change.after(PodInfo.class).map(other -> counts(pod, hard, other)).orElse(false)
                || (change.before() == null && change.after() == null);
    }

    private static boolean counts(PodInfo pod, List<SpreadConstraint> constraints, PodInfo other) {
        return other.key().namespace().equals(pod.key().namespace())
                && constraints.stream()
                        .anyMatch(constraint -> constraint
                                .selector()
                                .filter(selector -> selector.matches(other.labels()))
                                .isPresent());
    }

    /** How many pods on a node count for a constraint: alike, in the pod's namespace, and not on their way out. */
    private static int alike(PodInfo pod, SpreadConstraint constraint, NodeInfo node) {
        if (constraint.selector().isEmpty()) {
            return 0;
        }
        int count = 0;
        List<PodInfo> others = node.pods();
        for (int i = 0; i < others.size(); i++) {
            PodInfo other = others.get(i);
            if (!other.terminating()
                    && other.key().namespace().equals(pod.key().namespace())
                    && constraint.selector().get().matches(other.labels())) {
                count++;
            }
        }
        return count;
    }

    private static boolean hasAllLabels(List<SpreadConstraint> constraints, NodeInfo node) {
        return hasAllLabels(constraints, node.facts());
    }

    private static boolean hasAllLabels(List<SpreadConstraint> constraints, NodeFacts node) {
        for (int i = 0; i < constraints.size(); i++) {
            if (!node.labels().containsKey(constraints.get(i).topologyKey())) {
                return false;
            }
        }
        return true;
    }

    private static boolean counted(PodInfo pod, SpreadConstraint constraint, NodeInfo node) {
        return (!constraint.honorAffinity() || NodeAffinityPlugin.allows(pod, node.facts()))
                && (!constraint.honorTaints() || TaintTolerationPlugin.tolerates(pod, node.facts()));
    }

    /** The constraints that must hold, with the pods counted once for all nodes. */
    private static final class HardSpread implements NodeFilter {

        private final PodInfo pod;
        private final List<SpreadConstraint> constraints;
        private final Domains[] domains;

        /** The pods alike by value of a label, and the fewest of them. */
        private record Domains(Map<String, Integer> counts, int fewest, int self) {}

        HardSpread(PodInfo pod, List<SpreadConstraint> constraints, Snapshot snapshot) {
            this.pod = pod;
            this.constraints = constraints;
            this.domains = new Domains[constraints.size()];
            for (int c = 0; c < domains.length; c++) {
                domains[c] = domains(constraints.get(c), snapshot);
            }
        }

        private Domains domains(SpreadConstraint constraint, Snapshot snapshot) {
            Map<String, Integer> counts = new HashMap<>();
            for (int i = 0; i < snapshot.size(); i++) {
                NodeInfo node = snapshot.node(i);
                if (hasAllLabels(constraints, node) && counted(pod, constraint, node)) {
                    counts.merge(
                            node.facts().labels().get(constraint.topologyKey()),
                            alike(pod, constraint, node),
                            Integer::sum);
                }
            }
            int fewest = counts.size() < constraint.minDomains() || counts.isEmpty()
                    ? 0
                    : counts.values().stream().mapToInt(count -> count).min().orElse(0);
            boolean self = constraint.selector().isPresent()
                    && constraint.selector().get().matches(pod.labels());
            return new Domains(counts, fewest, self ? 1 : 0);
        }

        @Override
        public Verdict check(NodeInfo node) {
            for (int c = 0; c < domains.length; c++) {
                SpreadConstraint constraint = constraints.get(c);
                String value = node.facts().labels().get(constraint.topologyKey());
                if (value == null) {
                    return NO_LABEL;
                }
                Domains known = domains[c];
                int after = known.counts().getOrDefault(value, 0) + known.self();
                if (after - known.fewest() > constraint.maxSkew()) {
                    return UNEVEN;
                }
            }
            return Verdict.FITS;
        }

        @Override
        public boolean local() {
            return false;
        }

        @Override
        public NodeFilter in(Snapshot imagined) {
            return new HardSpread(pod, constraints, imagined);
        }
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        List<SpreadConstraint> soft = constraints(pod, snapshot, false);
        return soft.isEmpty() ? NodeScorer.NONE : new SoftSpread(pod, soft, snapshot, feasible);
    }

    /**
     * The constraints that had better hold: a node is the worse, the more pods alike stand where its labels say; labels
     * with many values count more, because each pod there matters more.
     */
    private static final class SoftSpread implements NodeScorer {

        private static final long NOT_RATED = -1;

        private final PodInfo pod;
        private final List<SpreadConstraint> constraints;
        /** Pods alike by value, for each constraint but those on the host name, which are counted at the node. */
        private final @Nullable Map<String, Integer>[] counts;

        private final double[] weights;
        private final boolean allLabels;

        @SuppressWarnings({"unchecked", "rawtypes"}) // an array of maps
        SoftSpread(PodInfo pod, List<SpreadConstraint> constraints, Snapshot snapshot, FeasibleNodes feasible) {
            this.pod = pod;
            this.constraints = constraints;
            this.counts = new Map[constraints.size()];
            this.weights = new double[constraints.size()];
            this.allLabels = constraints.getFirst().stated();
            for (int c = 0; c < weights.length; c++) {
                SpreadConstraint constraint = constraints.get(c);
                int domains;
                if (constraint.topologyKey().equals(HOSTNAME)) {
                    domains = ratedNodes(feasible);
                } else {
                    Map<String, Integer> byValue = count(constraint, snapshot, feasible);
                    counts[c] = byValue;
                    domains = byValue.size();
                }
                weights[c] = Math.log(domains + 2);
            }
        }

        private boolean rated(NodeInfo node) {
            return !allLabels || hasAllLabels(constraints, node);
        }

        private int ratedNodes(FeasibleNodes feasible) {
            int rated = 0;
            for (int i = 0; i < feasible.size(); i++) {
                rated += rated(feasible.get(i)) ? 1 : 0;
            }
            return rated;
        }

        private Map<String, Integer> count(SpreadConstraint constraint, Snapshot snapshot, FeasibleNodes feasible) {
            Set<String> values = new HashSet<>();
            for (int i = 0; i < feasible.size(); i++) {
                NodeInfo node = feasible.get(i);
                String value = node.facts().labels().get(constraint.topologyKey());
                if (value != null && rated(node)) {
                    values.add(value);
                }
            }
            Map<String, Integer> byValue = new HashMap<>();
            values.forEach(value -> byValue.put(value, 0));
            for (int i = 0; i < snapshot.size(); i++) {
                NodeInfo node = snapshot.node(i);
                String value = node.facts().labels().get(constraint.topologyKey());
                if (value != null && values.contains(value) && rated(node) && counted(pod, constraint, node)) {
                    int alike = alike(pod, constraint, node);
                    if (alike > 0) {
                        byValue.merge(value, alike, Integer::sum);
                    }
                }
            }
            return byValue;
        }

        @Override
        public long score(NodeInfo node) {
            if (!rated(node)) {
                return NOT_RATED;
            }
            double score = 0;
            for (int c = 0; c < weights.length; c++) {
                SpreadConstraint constraint = constraints.get(c);
                String value = node.facts().labels().get(constraint.topologyKey());
                if (value != null) {
                    Map<String, Integer> byValue = counts[c];
                    int there = byValue == null ? alike(pod, constraint, node) : byValue.getOrDefault(value, 0);
                    // A larger skew allowed makes small differences count less.
                    score += there * weights[c] + (constraint.maxSkew() - 1);
                }
            }
            return Math.round(score);
        }

        @Override
        public void normalize(long[] scores) {
            long least = Long.MAX_VALUE;
            long most = 0;
            for (long score : scores) {
                if (score != NOT_RATED) {
                    least = Math.min(least, score);
                    most = Math.max(most, score);
                }
            }
            for (int i = 0; i < scores.length; i++) {
                if (scores[i] == NOT_RATED) {
                    scores[i] = 0;
                } else {
                    scores[i] = most == 0 ? MAX_SCORE : MAX_SCORE * (most + least - scores[i]) / most;
                }
            }
        }
    }
}
