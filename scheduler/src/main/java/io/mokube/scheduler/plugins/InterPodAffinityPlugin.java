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
import io.mokube.scheduler.snapshot.DomainSums;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodAffinities;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.snapshot.Tally;
import java.util.HashMap;
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

    /** Where pods stand that all of a pod's terms are about. */
    private record AboutAll(List<AffinityTerm> terms) implements Tally {
        @Override
        public Map<String, Integer> of(NodeInfo node, Snapshot cluster) {
            Contribution sum = new Contribution();
            for (PodInfo other : node.pods()) {
                if (aboutAll(terms, other, cluster)) {
                    for (AffinityTerm term : terms) {
                        sum.add(term.topologyKey(), 1);
                    }
                }
            }
            return sum.byKey();
        }
    }

    private static boolean aboutAll(List<AffinityTerm> terms, PodInfo pod, Snapshot snapshot) {
        for (AffinityTerm term : terms) {
            if (!term.matches(pod, snapshot)) {
                return false;
            }
        }
        return true;
    }

    /** Where pods stand that any of a pod's terms is about. */
    private record AboutAny(List<AffinityTerm> terms) implements Tally {
        @Override
        public Map<String, Integer> of(NodeInfo node, Snapshot cluster) {
            Contribution sum = new Contribution();
            for (PodInfo other : node.pods()) {
                for (AffinityTerm term : terms) {
                    if (term.matches(other, cluster)) {
                        sum.add(term.topologyKey(), 1);
                    }
                }
            }
            return sum.byKey();
        }
    }

    /** Where pods stand that must not have pods with these labels near. */
    private record Unwelcome(String namespace, Map<String, String> labels) implements Tally {
        @Override
        public Map<String, Integer> of(NodeInfo node, Snapshot cluster) {
            Contribution sum = new Contribution();
            for (PodInfo other : node.choosyPods()) {
                for (AffinityTerm term : other.affinities().requiredAnti()) {
                    if (term.matches(namespace, labels, cluster)) {
                        sum.add(term.topologyKey(), 1);
                    }
                }
            }
            return sum.byKey();
        }
    }

    /** How much a pod with these labels and preferences, and the pods that stand there, want to be near each other. */
    private record Attraction(
            String namespace,
            Map<String, String> labels,
            List<AffinityTerm> preferred,
            List<AffinityTerm> preferredAnti,
            int weightOfRequirements)
            implements Tally {

        boolean prefers() {
            return !preferred.isEmpty() || !preferredAnti.isEmpty();
        }

        @Override
        public Map<String, Integer> of(NodeInfo node, Snapshot cluster) {
            Contribution sum = new Contribution();
            if (prefers()) {
                for (PodInfo other : node.pods()) {
                    add(preferred, 1, other.key().namespace(), other.labels(), cluster, sum);
                    add(preferredAnti, -1, other.key().namespace(), other.labels(), cluster, sum);
                }
            }
            for (PodInfo other : node.choosyPods()) {
                PodAffinities theirs = other.affinities();
                if (weightOfRequirements > 0) {
                    add(theirs.required(), weightOfRequirements, namespace, labels, cluster, sum);
                }
                add(theirs.preferred(), 1, namespace, labels, cluster, sum);
                add(theirs.preferredAnti(), -1, namespace, labels, cluster, sum);
            }
            return sum.byKey();
        }

        private static void add(
                List<AffinityTerm> terms,
                int factor,
                String namespace,
                Map<String, String> labels,
                Snapshot cluster,
                Contribution sum) {
            for (AffinityTerm term : terms) {
                if (term.matches(namespace, labels, cluster)) {
                    // Requirements have no weight of their own.
                    sum.add(term.topologyKey(), term.weight() == 0 ? factor : factor * term.weight());
                }
            }
        }
    }

    /** What a node contributes to a tally; most contribute nothing, which costs nothing. */
    private static final class Contribution {

        private Map<String, Integer> byKey = Map.of();

        void add(String key, int amount) {
            if (byKey.isEmpty()) {
                byKey = new HashMap<>();
            }
            byKey.merge(key, amount, Integer::sum);
        }

        Map<String, Integer> byKey() {
            return byKey;
        }
    }

    private final int weightOfRequirements;
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
    public InterPodAffinityPlugin(int weightOfRequirements, boolean ignorePreferencesOfOthers) {
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

    /** What must hold. */
    private static final class Nearness implements NodeFilter {

        private final PodInfo pod;
        private final List<AffinityTerm> required;
        private final List<AffinityTerm> requiredAnti;
        /** Where pods stand that do not want this one near. */
        private final DomainSums unwelcome;
        /** Where pods stand that this one must be near, those that all its terms are about. */
        private final DomainSums near;
        /** Where pods stand that this one must not be near. */
        private final DomainSums tooNear;

        private final boolean firstOfItsKind;

        Nearness(PodInfo pod, Snapshot snapshot) {
            this.pod = pod;
            this.required = pod.affinities().required();
            this.requiredAnti = pod.affinities().requiredAnti();
            this.unwelcome = snapshot.sums(new Unwelcome(pod.key().namespace(), pod.labels()));
            this.near = required.isEmpty() ? DomainSums.NONE : snapshot.sums(new AboutAll(required));
            this.tooNear = requiredAnti.isEmpty() ? DomainSums.NONE : snapshot.sums(new AboutAny(requiredAnti));
            this.firstOfItsKind = near.areZero() && aboutAll(required, pod, snapshot);
        }

        boolean isEmpty() {
            return required.isEmpty() && requiredAnti.isEmpty() && unwelcome.areZero();
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
                everywhereNear &= near.of(term.topologyKey()).amount(value) > 0;
            }
            // The first of pods that want each other near must stand somewhere.
            if (!everywhereNear && !firstOfItsKind) {
                return NOT_NEAR;
            }
            for (AffinityTerm term : requiredAnti) {
                if (stands(tooNear, term.topologyKey(), labels)) {
                    return TOO_NEAR;
                }
            }
            for (String key : unwelcome.keys()) {
                if (stands(unwelcome, key, labels)) {
                    return UNWELCOME;
                }
            }
            return Verdict.FITS;
        }

        private static boolean stands(DomainSums pods, String key, Map<String, String> labels) {
            String value = labels.get(key);
            return value != null && pods.of(key).amount(value) > 0;
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
        Attraction attraction = new Attraction(
                pod.key().namespace(), pod.labels(), wanted.preferred(), wanted.preferredAnti(), weightOfRequirements);
        if (!attraction.prefers() && (ignorePreferencesOfOthers || snapshot.choosyPods() == 0)) {
            return NodeScorer.NONE;
        }
        DomainSums sums = snapshot.sums(attraction);
        return sums.keys().isEmpty() ? NodeScorer.NONE : new Preference(sums);
    }

    /** What is wanted, summed up by domain. */
    private record Preference(DomainSums sums) implements NodeScorer {

        @Override
        public long score(NodeInfo node) {
            long score = 0;
            for (String key : sums.keys()) {
                String value = node.facts().labels().get(key);
                if (value != null) {
                    score += sums.of(key).amount(value);
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
