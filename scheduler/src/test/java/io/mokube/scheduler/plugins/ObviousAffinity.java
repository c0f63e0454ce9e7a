package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.AffinityTerm;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Affinity between pods as its documentation tells it: for every node all pods of the cluster are looked at again. */
public final class ObviousAffinity implements FilterPlugin, ScorePlugin {

    @Override
    public String name() {
        return "InterPodAffinity";
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return new InterPodAffinityPlugin().unblockedBy();
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        List<AffinityTerm> required = pod.affinities().required();
        boolean wantsNothing =
                required.isEmpty() && pod.affinities().requiredAnti().isEmpty();
        if (wantsNothing && snapshot.nodes().stream().noneMatch(node -> isUnwelcome(pod, node, snapshot))) {
            // As in Kubernetes: then it has no say about nominated pods either.
            return NodeFilter.NONE;
        }
        return filter(pod, snapshot);
    }

    private NodeFilter filter(PodInfo pod, Snapshot snapshot) {
        List<AffinityTerm> required = pod.affinities().required();
        return new NodeFilter() {
            @Override
            public Verdict check(NodeInfo node) {
                if (!nearAll(node)) {
                    return unfit("node(s) didn't match pod affinity rules", false);
                }
                for (AffinityTerm term : pod.affinities().requiredAnti()) {
                    if (any(snapshot, node, term.topologyKey(), other -> term.matches(other, snapshot))) {
                        return unfit("node(s) didn't match pod anti-affinity rules", true);
                    }
                }
                return isUnwelcome(pod, node, snapshot)
                        ? unfit("node(s) didn't satisfy existing pods anti-affinity rules", true)
                        : Verdict.FITS;
            }

            private boolean nearAll(NodeInfo node) {
                Predicate<PodInfo> aboutAll =
                        other -> required.stream().allMatch(term -> term.matches(other, snapshot));
                if (!required.stream().allMatch(term -> node.facts().labels().containsKey(term.topologyKey()))) {
                    return false;
                }
                boolean near = required.stream().allMatch(term -> any(snapshot, node, term.topologyKey(), aboutAll));
                boolean anywhere = snapshot.nodes().stream()
                        .anyMatch(other -> other.pods().stream().anyMatch(aboutAll)
                                && required.stream()
                                        .anyMatch(term -> other.facts().labels().containsKey(term.topologyKey())));
                return near || (!anywhere && aboutAll.test(pod));
            }

            @Override
            public boolean local() {
                return false;
            }

            @Override
            public NodeFilter in(Snapshot imagined) {
                // As in Kubernetes: it keeps its say, even when those who did not want the pod are thought away.
                return filter(pod, imagined);
            }
        };
    }

    private static boolean isUnwelcome(PodInfo pod, NodeInfo node, Snapshot snapshot) {
        for (NodeInfo other : snapshot.nodes()) {
            for (PodInfo standing : other.pods()) {
                for (AffinityTerm term : standing.affinities().requiredAnti()) {
                    if (near(node, other, term.topologyKey()) && term.matches(pod, snapshot)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private Verdict unfit(String reason, boolean preemptionMayHelp) {
        return new Verdict.Unfit(name(), List.of(reason), preemptionMayHelp);
    }

    private static boolean near(NodeInfo node, NodeInfo other, String key) {
        String value = node.facts().labels().get(key);
        return value != null && value.equals(other.facts().labels().get(key));
    }

    private static boolean any(Snapshot snapshot, NodeInfo node, String key, Predicate<PodInfo> wanted) {
        return snapshot.nodes().stream()
                .anyMatch(
                        other -> near(node, other, key) && other.pods().stream().anyMatch(wanted));
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        return new NodeScorer() {
            @Override
            public long score(NodeInfo node) {
                long score = 0;
                for (NodeInfo other : snapshot.nodes()) {
                    for (PodInfo standing : other.pods()) {
                        score += sum(pod.affinities().preferred(), standing, node, other);
                        score -= sum(pod.affinities().preferredAnti(), standing, node, other);
                        score += sum(standing.affinities().required(), pod, node, other);
                        score += sum(standing.affinities().preferred(), pod, node, other);
                        score -= sum(standing.affinities().preferredAnti(), pod, node, other);
                    }
                }
                return score;
            }

            private long sum(List<AffinityTerm> terms, PodInfo about, NodeInfo node, NodeInfo other) {
                return terms.stream()
                        .filter(term -> near(node, other, term.topologyKey()) && term.matches(about, snapshot))
                        .mapToLong(term -> Math.max(1, term.weight()))
                        .sum();
            }

            @Override
            public void normalize(long[] scores) {
                long least = Arrays.stream(scores).min().orElse(0);
                long most = Arrays.stream(scores).max().orElse(0);
                for (int i = 0; i < scores.length; i++) {
                    scores[i] = most == least ? 0 : MAX_SCORE * (scores[i] - least) / (most - least);
                }
            }
        };
    }
}
