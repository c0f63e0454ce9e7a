package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.AffinityTerm;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodAffinities;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Brings pods near to, or keeps them away from, other pods, as either side wants it. */
public final class InterPodAffinityPlugin implements FilterPlugin, ScorePlugin {

    private static final String NAME = "InterPodAffinity";

    private static final Verdict NOT_NEAR =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match pod affinity rules"), false);
    private static final Verdict TOO_NEAR =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match pod anti-affinity rules"), true);
    private static final Verdict UNWELCOME =
            new Verdict.Unfit(NAME, List.of("node(s) didn't satisfy existing pods anti-affinity rules"), true);

    /** A label and its value: the nodes that have it are near each other. */
    private record Domain(String key, String value) {}

    private final long weightOfRequirements;
    private final boolean ignorePreferencesOfOthers;

    public InterPodAffinityPlugin() {
        this(1, false);
    }

    /**
     * Configured.
     *
     * @param weightOfRequirements what a pod near which others must be adds to the score of being near it
     * @param ignorePreferencesOfOthers whether the preferences of pods that stand there already don't matter to a pod
     *     that has none itself
     */
    public InterPodAffinityPlugin(long weightOfRequirements, boolean ignorePreferencesOfOthers) {
        this.weightOfRequirements = weightOfRequirements;
        this.ignorePreferencesOfOthers = ignorePreferencesOfOthers;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        PodAffinities wanted = pod.affinities();
        if (wanted.required().isEmpty() && wanted.requiredAnti().isEmpty() && snapshot.choosyPods() == 0) {
            return NodeFilter.NONE;
        }
        Nearness nearness = new Nearness(pod, snapshot);
        return nearness.isEmpty() ? NodeFilter.NONE : nearness;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(
                ClusterEvent.NODE_ADDED,
                ClusterEvent.NODE_LABELS_CHANGED,
                ClusterEvent.ASSIGNED_POD_ADDED,
                ClusterEvent.ASSIGNED_POD_CHANGED,
                ClusterEvent.ASSIGNED_POD_REMOVED);
    }

    /**
     * A pod that comes, or looks different now, must be one to be near to; one that goes, or looked different before,
     * one to be away from or one that wanted this one away. A node must have one of the labels that say what is near.
     */
    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        PodAffinities wanted = pod.affinities();
        if (change.after() instanceof NodeFacts node) {
            // Whoever does not want this pod near is not known here.
            return (wanted.required().isEmpty() && wanted.requiredAnti().isEmpty())
                    || Stream.concat(wanted.required().stream(), wanted.requiredAnti().stream())
                            .anyMatch(term -> node.labels().containsKey(term.topologyKey()));
        }
        boolean comes = change.after(PodInfo.class)
                .map(other -> mayMatchAny(wanted.required(), other))
                .orElse(false);
        boolean goes = change.before(PodInfo.class)
                .map(other -> mayMatchAny(wanted.requiredAnti(), other)
                        || mayMatchAny(other.affinities().requiredAnti(), pod))
                .orElse(false);
        return comes || goes || (change.before() == null && change.after() == null);
    }

    /** Whether one of the terms may be about a pod, taking it that every namespace that is selected by labels counts. */
    private static boolean mayMatchAny(List<AffinityTerm> terms, PodInfo other) {
        for (AffinityTerm term : terms) {
            if (term.mayMatch(other)) {
                return true;
            }
        }
        return false;
    }

    /** What must hold, with all pods looked at once. */
    private static final class Nearness implements NodeFilter {

        private final PodInfo pod;
        private final List<AffinityTerm> required;
        private final List<AffinityTerm> requiredAnti;
        /** Where pods stand that do not want this one near. */
        private final Set<Domain> unwelcome = new HashSet<>();

        private final Set<String> unwelcomeKeys = new HashSet<>();
        /** Where pods stand that this one must be near, those that all its terms are about. */
        private final Set<Domain> near = new HashSet<>();
        /** Where pods stand that this one must not be near. */
        private final Set<Domain> tooNear = new HashSet<>();

        private final boolean firstOfItsKind;

        Nearness(PodInfo pod, Snapshot snapshot) {
            this.pod = pod;
            this.required = pod.affinities().required();
            this.requiredAnti = pod.affinities().requiredAnti();
            boolean looksAtAll = !required.isEmpty() || !requiredAnti.isEmpty();
            for (int i = 0; i < snapshot.size(); i++) {
                NodeInfo node = snapshot.node(i);
                for (PodInfo other : node.choosyPods()) {
                    addDomains(other.affinities().requiredAnti(), pod, snapshot, node, unwelcome);
                }
                if (looksAtAll) {
                    for (PodInfo other : node.pods()) {
                        if (!required.isEmpty() && matchesAll(required, other, snapshot)) {
                            addDomains(required, other, snapshot, node, near);
                        }
                        addDomains(requiredAnti, other, snapshot, node, tooNear);
                    }
                }
            }
            unwelcome.forEach(domain -> unwelcomeKeys.add(domain.key()));
            firstOfItsKind = near.isEmpty() && matchesAll(required, pod, snapshot);
        }

        private static boolean matchesAll(List<AffinityTerm> terms, PodInfo pod, Snapshot snapshot) {
            for (AffinityTerm term : terms) {
                if (!term.matches(pod, snapshot)) {
                    return false;
                }
            }
            return true;
        }

        /** For each term that is about a pod: where the pod's node is, by the term's label. */
        private static void addDomains(
                List<AffinityTerm> terms, PodInfo about, Snapshot snapshot, NodeInfo node, Set<Domain> domains) {
            for (AffinityTerm term : terms) {
                String value = node.facts().labels().get(term.topologyKey());
                if (value != null && term.matches(about, snapshot)) {
                    domains.add(new Domain(term.topologyKey(), value));
                }
            }
        }

        boolean isEmpty() {
            return required.isEmpty() && requiredAnti.isEmpty() && unwelcome.isEmpty();
        }

        @Override
        public Verdict check(NodeInfo node) {
            Map<String, String> labels = node.facts().labels();
            boolean everywhereNear = true;
            for (AffinityTerm term : required) {
                String value = labels.get(term.topologyKey());
                if (value == null) {
                    return NOT_NEAR;
                }
                everywhereNear &= near.contains(new Domain(term.topologyKey(), value));
            }
            // The first of pods that want each other near must stand somewhere.
            if (!everywhereNear && !firstOfItsKind) {
                return NOT_NEAR;
            }
            for (AffinityTerm term : requiredAnti) {
                String value = labels.get(term.topologyKey());
                if (value != null && tooNear.contains(new Domain(term.topologyKey(), value))) {
                    return TOO_NEAR;
                }
            }
            for (String key : unwelcomeKeys) {
                String value = labels.get(key);
                if (value != null && unwelcome.contains(new Domain(key, value))) {
                    return UNWELCOME;
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
            return new Nearness(pod, imagined);
        }
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        PodAffinities wanted = pod.affinities();
        boolean prefers =
                !wanted.preferred().isEmpty() || !wanted.preferredAnti().isEmpty();
        if (!prefers && (ignorePreferencesOfOthers || snapshot.choosyPods() == 0)) {
            return NodeScorer.NONE;
        }
        Map<Domain, Long> sums = new HashMap<>();
        for (int i = 0; i < snapshot.size(); i++) {
            NodeInfo node = snapshot.node(i);
            if (prefers) {
                for (PodInfo other : node.pods()) {
                    add(wanted.preferred(), 1, other, snapshot, node, sums);
                    add(wanted.preferredAnti(), -1, other, snapshot, node, sums);
                }
            }
            for (PodInfo other : node.choosyPods()) {
                PodAffinities theirs = other.affinities();
                add(theirs.required(), weightOfRequirements, pod, snapshot, node, sums);
                add(theirs.preferred(), 1, pod, snapshot, node, sums);
                add(theirs.preferredAnti(), -1, pod, snapshot, node, sums);
            }
        }
        return sums.isEmpty() ? NodeScorer.NONE : new Preference(sums);
    }

    private static void add(
            List<AffinityTerm> terms,
            long factor,
            PodInfo about,
            Snapshot snapshot,
            NodeInfo node,
            Map<Domain, Long> sums) {
        for (AffinityTerm term : terms) {
            String value = node.facts().labels().get(term.topologyKey());
            if (value != null && term.matches(about, snapshot)) {
                // Requirements have no weight of their own.
                long weight = term.weight() == 0 ? factor : factor * term.weight();
                sums.merge(new Domain(term.topologyKey(), value), weight, Long::sum);
            }
        }
    }

    /** What is wanted, summed up by domain. */
    private static final class Preference implements NodeScorer {

        private final Map<Domain, Long> sums;
        private final Set<String> keys = new HashSet<>();

        Preference(Map<Domain, Long> sums) {
            this.sums = sums;
            sums.keySet().forEach(domain -> keys.add(domain.key()));
        }

        @Override
        public long score(NodeInfo node) {
            long score = 0;
            for (String key : keys) {
                String value = node.facts().labels().get(key);
                if (value != null) {
                    score += sums.getOrDefault(new Domain(key, value), 0L);
                }
            }
            return score;
        }

        @Override
        public void normalize(long[] scores) {
            long least = Long.MAX_VALUE;
            long most = Long.MIN_VALUE;
            for (long score : scores) {
                least = Math.min(least, score);
                most = Math.max(most, score);
            }
            for (int i = 0; i < scores.length; i++) {
                scores[i] = most == least ? 0 : MAX_SCORE * (scores[i] - least) / (most - least);
            }
        }
    }
}
