package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.snapshot.SpreadConstraint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Spreading as its documentation tells it: for every node all nodes and all pods are looked at again. */
public final class ObviousSpread implements FilterPlugin, ScorePlugin {

    private static final String HOSTNAME = "kubernetes.io/hostname";

    @Override
    public String name() {
        return "PodTopologySpread";
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return new PodTopologySpreadPlugin().unblockedBy();
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        List<SpreadConstraint> hard =
                pod.spread().stream().filter(SpreadConstraint::hard).toList();
        return new NodeFilter() {
            @Override
            public Verdict check(NodeInfo node) {
                for (SpreadConstraint constraint : hard) {
                    String value = node.facts().labels().get(constraint.topologyKey());
                    if (value == null) {
                        return new Verdict.Unfit(
                                name(),
                                List.of(
                                        "node(s) didn't match pod topology spread constraints (missing required label)"),
                                false);
                    }
                    Map<String, Integer> counts = new TreeMap<>();
                    for (NodeInfo other : snapshot.nodes()) {
                        if (hasAll(hard, other) && counts(pod, constraint, other)) {
                            counts.merge(
                                    other.facts().labels().get(constraint.topologyKey()),
                                    alike(pod, constraint, other),
                                    Integer::sum);
                        }
                    }
                    int fewest = counts.size() < constraint.minDomains()
                            ? 0
                            : counts.values().stream().min(Integer::compare).orElse(0);
                    int self =
                            constraint.selector().stream().anyMatch(selector -> selector.matches(pod.labels())) ? 1 : 0;
                    if (counts.getOrDefault(value, 0) + self - fewest > constraint.maxSkew()) {
                        return new Verdict.Unfit(
                                name(), List.of("node(s) didn't match pod topology spread constraints"), true);
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
                return prepare(pod, imagined);
            }
        };
    }

    private static boolean hasAll(List<SpreadConstraint> constraints, NodeInfo node) {
        return constraints.stream().allMatch(constraint -> node.facts().labels().containsKey(constraint.topologyKey()));
    }

    private static boolean counts(PodInfo pod, SpreadConstraint constraint, NodeInfo node) {
        boolean allowed = pod.nodeSelector().stream().allMatch(each -> each.matches(node.facts()))
                && pod.requiredNodes().stream()
                        .allMatch(terms -> terms.stream().anyMatch(each -> each.matches(node.facts())));
        boolean tolerated = node.facts().forbidding().stream()
                .allMatch(taint -> pod.tolerations().stream().anyMatch(each -> each.tolerates(taint)));
        return (allowed || !constraint.honorAffinity()) && (tolerated || !constraint.honorTaints());
    }

    private static int alike(PodInfo pod, SpreadConstraint constraint, NodeInfo node) {
        return (int) node.pods().stream()
                .filter(other -> !other.terminating()
                        && other.key().namespace().equals(pod.key().namespace())
                        && constraint.selector().stream().anyMatch(selector -> selector.matches(other.labels())))
                .count();
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        List<SpreadConstraint> soft =
                pod.spread().stream().filter(constraint -> !constraint.hard()).toList();
        if (soft.isEmpty()) {
            return NodeScorer.NONE;
        }
        boolean stated = soft.getFirst().stated();
        List<NodeInfo> rated = new ArrayList<>();
        for (int i = 0; i < feasible.size(); i++) {
            if (!stated || hasAll(soft, feasible.get(i))) {
                rated.add(feasible.get(i));
            }
        }
        return new NodeScorer() {
            @Override
            public long score(NodeInfo node) {
                if (!rated.contains(node)) {
                    return -1;
                }
                double score = 0;
                for (SpreadConstraint constraint : soft) {
                    String key = constraint.topologyKey();
                    String value = node.facts().labels().get(key);
                    if (value == null) {
                        continue;
                    }
                    Set<String> values = new TreeSet<>();
                    rated.forEach(each -> {
                        if (each.facts().labels().containsKey(key)) {
                            values.add(each.facts().labels().get(key));
                        }
                    });
                    int there = 0;
                    for (NodeInfo other : snapshot.nodes()) {
                        boolean near = key.equals(HOSTNAME)
                                ? other.name().equals(node.name())
                                : value.equals(other.facts().labels().get(key))
                                        && (!stated || hasAll(soft, other))
                                        && counts(pod, constraint, other);
                        there += near ? alike(pod, constraint, other) : 0;
                    }
                    int domains = key.equals(HOSTNAME) ? rated.size() : values.size();
                    score += there * Math.log(domains + 2) + (constraint.maxSkew() - 1);
                }
                return Math.round(score);
            }

            @Override
            public void normalize(long[] scores) {
                long most =
                        Arrays.stream(scores).filter(each -> each >= 0).max().orElse(0);
                long least =
                        Arrays.stream(scores).filter(each -> each >= 0).min().orElse(0);
                for (int i = 0; i < scores.length; i++) {
                    if (scores[i] < 0) {
                        scores[i] = 0;
                    } else {
                        scores[i] = most == 0 ? MAX_SCORE : MAX_SCORE * (most + least - scores[i]) / most;
                    }
                }
            }
        };
    }
}
