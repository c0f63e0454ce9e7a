package io.mokube.scheduler.plugins;

import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.DomainSums;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.NodeRequirement;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.PodToleration;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.snapshot.SpreadConstraint;
import io.mokube.scheduler.snapshot.Tally;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
        List<String> labels = keys(hard);
        if (change.before() instanceof NodeFacts || change.after() instanceof NodeFacts) {
            return change.before(NodeFacts.class)
                            .filter(node -> hasAll(labels, node))
                            .isPresent()
                    || change.after(NodeFacts.class)
                            .filter(node -> hasAll(labels, node))
                            .isPresent();
        }
        return change.before(PodInfo.class)
                        .map(other -> counts(pod, hard, other))
                        .orElse(false)
                || change.after(PodInfo.class)
                        .map(other -> counts(pod, hard, other))
                        .orElse(false)
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

    /**
     * The pods that are alike, by the values of a label: those of one namespace that a selector finds, without those on
     * their way out.
     *
     * @param labels all of which a node must have to count
     * @param nodeSelector what else a node must satisfy to count, and so for the next two
     */
    private record Alike(
            String key,
            String namespace,
            Optional<LabelSelector> selector,
            List<String> labels,
            Optional<NodeRequirement> nodeSelector,
            Optional<List<NodeRequirement>> requiredNodes,
            Optional<List<PodToleration>> tolerations)
            implements Tally {

        /** On the nodes that count for one of a pod's constraints. */
        static Alike of(PodInfo pod, SpreadConstraint constraint, List<String> labels) {
            return new Alike(
                    constraint.topologyKey(),
                    pod.key().namespace(),
                    constraint.selector(),
                    labels,
                    constraint.honorAffinity() ? pod.nodeSelector() : Optional.empty(),
                    constraint.honorAffinity() ? pod.requiredNodes() : Optional.empty(),
                    constraint.honorTaints() ? Optional.of(pod.tolerations()) : Optional.empty());
        }

        /** On each node by itself. */
        static Alike byNode(PodInfo pod, SpreadConstraint constraint) {
            return new Alike(
                    DomainSums.EACH_NODE,
                    pod.key().namespace(),
                    constraint.selector(),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }

        @Override
        public Map<String, Integer> of(NodeInfo node, Snapshot cluster) {
            return counts(node.facts()) ? Map.of(key, count(node.pods())) : Map.of();
        }

        private boolean counts(NodeFacts node) {
            return hasAll(labels, node)
                    && NodeAffinityPlugin.allow(nodeSelector, requiredNodes, node)
                    && (tolerations.isEmpty() || TaintTolerationPlugin.tolerate(tolerations.get(), node));
        }

        private int count(List<PodInfo> pods) {
            if (selector.isEmpty()) {
                return 0;
            }
            int count = 0;
            for (int i = 0; i < pods.size(); i++) {
                PodInfo pod = pods.get(i);
                if (!pod.terminating()
                        && pod.key().namespace().equals(namespace)
                        && selector.get().matches(pod.labels())) {
                    count++;
                }
            }
            return count;
        }
    }

    private static List<String> keys(List<SpreadConstraint> constraints) {
        return constraints.stream().map(SpreadConstraint::topologyKey).toList();
    }

    private static boolean hasAll(List<String> labels, NodeFacts node) {
        for (int i = 0; i < labels.size(); i++) {
            if (!node.labels().containsKey(labels.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** The constraints that must hold, with the pods counted once for all nodes. */
    private static final class HardSpread implements NodeFilter {

        private final PodInfo pod;
        private final List<SpreadConstraint> constraints;
        private final Domains[] domains;

        /** The pods alike by value of a label, the fewest of them, and whether the pod itself is one. */
        private record Domains(DomainSums.Domains alike, int fewest, int self) {}

        HardSpread(PodInfo pod, List<SpreadConstraint> constraints, Snapshot snapshot) {
            this.pod = pod;
            this.constraints = constraints;
            this.domains = new Domains[constraints.size()];
            List<String> keys = keys(constraints);
            for (int c = 0; c < domains.length; c++) {
                SpreadConstraint constraint = constraints.get(c);
                DomainSums.Domains alike =
                        snapshot.sums(Alike.of(pod, constraint, keys)).of(constraint.topologyKey());
                boolean tooFew = constraint.minDomains() > 1 && alike.count() < constraint.minDomains();
                boolean self = constraint.selector().isPresent()
                        && constraint.selector().get().matches(pod.labels());
                domains[c] = new Domains(alike, tooFew ? 0 : alike.least(), self ? 1 : 0);
            }
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
                int after = known.alike().amount(value) + known.self();
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

        private final List<SpreadConstraint> constraints;
        private final DomainSums.Domains[] alike;
        private final double[] weights;
        /** The labels that a node must have to be rated. */
        private final List<String> labels;

        SoftSpread(PodInfo pod, List<SpreadConstraint> constraints, Snapshot snapshot, FeasibleNodes feasible) {
            this.constraints = constraints;
            this.alike = new DomainSums.Domains[constraints.size()];
            this.weights = new double[constraints.size()];
            this.labels = constraints.getFirst().stated() ? keys(constraints) : List.of();
            for (int c = 0; c < weights.length; c++) {
                SpreadConstraint constraint = constraints.get(c);
                Alike tally = isByNode(constraint) ? Alike.byNode(pod, constraint) : Alike.of(pod, constraint, labels);
                alike[c] = snapshot.sums(tally).of(tally.key());
                weights[c] = Math.log(domains(constraint, feasible) + 2);
            }
        }

        private static boolean isByNode(SpreadConstraint constraint) {
            return constraint.topologyKey().equals(HOSTNAME);
        }

        /** Among how many values of the label, or nodes, the pod can be placed. */
        private int domains(SpreadConstraint constraint, FeasibleNodes feasible) {
            Set<String> values = new HashSet<>();
            int nodes = 0;
            for (int i = 0; i < feasible.size(); i++) {
                NodeFacts node = feasible.get(i).facts();
                if (hasAll(labels, node)) {
                    nodes++;
                    String value = isByNode(constraint) ? null : node.labels().get(constraint.topologyKey());
                    if (value != null) {
                        values.add(value);
                    }
                }
            }
            return isByNode(constraint) ? nodes : values.size();
        }

        @Override
        public long score(NodeInfo node) {
            if (!hasAll(labels, node.facts())) {
                return NOT_RATED;
            }
            double score = 0;
            for (int c = 0; c < weights.length; c++) {
                SpreadConstraint constraint = constraints.get(c);
                String value = node.facts().labels().get(constraint.topologyKey());
                if (value != null) {
                    int there = alike[c].amount(isByNode(constraint) ? node.name() : value);
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
