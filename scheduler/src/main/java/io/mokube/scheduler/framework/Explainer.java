package io.mokube.scheduler.framework;

import io.mokube.scheduler.framework.Decider.Search;
import io.mokube.scheduler.framework.Explanation.NodeAnswer;
import io.mokube.scheduler.framework.Explanation.PluginScore;
import io.mokube.scheduler.framework.Explanation.Standing;
import io.mokube.scheduler.framework.Profile.WeightedScore;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Explains a decision afterwards, from what was decided on: because a decision is a function of these alone, nothing needs
 * to be written down while deciding.
 */
public final class Explainer {

    private static final Comparator<NodeAnswer> ORDER = Comparator.comparing(NodeAnswer::standing)
            .thenComparing(Comparator.comparingLong(NodeAnswer::total).reversed())
            .thenComparing(NodeAnswer::node);

    private final Profile profile;
    private final Decider decider;

    public Explainer(Profile profile) {
        this.profile = profile;
        this.decider = new Decider(profile);
    }

    /**
     * Explains.
     *
     * @param start where the search for this decision began
     * @param decision what {@link Decider#decide} made of the same
     */
    public Explanation explain(PodInfo pod, Snapshot snapshot, int start, Decision decision) {
        NodeFilter[] filters = decider.prepareFilters(pod, snapshot);
        String chosen = decision instanceof Decision.Place place ? place.node() : "";
        Map<String, List<PluginScore>> scores = Map.of();
        Map<String, NodeInfo> asked = new HashMap<>();
        if (snapshot.size() > 0 && decider.search(pod, snapshot, filters, start, true) instanceof Search.Found found) {
            FeasibleNodes feasible =
                    found.feasible().without(decision.heard().objections().keySet());
            for (int i = 0; i < feasible.size(); i++) {
                asked.put(feasible.get(i).name(), feasible.get(i));
            }
            // A single node is taken without comparing it with itself.
            scores = feasible.size() < 2 ? Map.of() : scores(pod, snapshot, feasible);
        }
        List<NodeAnswer> answers = new ArrayList<>(snapshot.size());
        for (int i = 0; i < snapshot.size(); i++) {
            NodeInfo node = snapshot.node(i);
            List<Verdict.Unfit> objections = objections(filters, pod, snapshot, node);
            Verdict.Unfit heard = decision.heard().objections().get(node.name());
            if (heard != null) {
                objections.add(heard);
            }
            List<PluginScore> rated = new ArrayList<>(scores.getOrDefault(node.name(), List.of()));
            rated.addAll(decision.heard().scores().getOrDefault(node.name(), List.of()));
            Standing standing;
            if (node.name().equals(chosen)) {
                standing = Standing.CHOSEN;
            } else if (asked.containsKey(node.name())) {
                standing = Standing.FITS;
            } else {
                standing = objections.isEmpty() ? Standing.NOT_ASKED : Standing.UNFIT;
            }
            long total = 0;
            for (PluginScore score : rated) {
                total += score.score() * score.weight();
            }
            answers.add(new NodeAnswer(node.name(), standing, objections, rated, total));
        }
        answers.sort(ORDER);
        return new Explanation(pod, decision, answers);
    }

    private static List<Verdict.Unfit> objections(NodeFilter[] filters, PodInfo pod, Snapshot snapshot, NodeInfo node) {
        List<Verdict.Unfit> objections = new ArrayList<>();
        for (NodeFilter filter : filters) {
            if (filter.check(node) instanceof Verdict.Unfit unfit) {
                objections.add(unfit);
            }
        }
        if (objections.isEmpty()) {
            // It may be that the room is there, and kept for others.
            Verdict.Unfit crowded = Decider.check(filters, pod, snapshot, node);
            if (crowded != null) {
                objections.add(crowded);
            }
        }
        return objections;
    }

    private Map<String, List<PluginScore>> scores(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        Map<String, List<PluginScore>> byNode = new HashMap<>();
        long[] scores = new long[feasible.size()];
        for (WeightedScore weighted : profile.scores()) {
            NodeScorer scorer = weighted.plugin().prepare(pod, snapshot, feasible);
            if (scorer == NodeScorer.NONE) {
                continue;
            }
            for (int i = 0; i < scores.length; i++) {
                scores[i] = scorer.score(feasible.get(i));
            }
            scorer.normalize(scores);
            for (int i = 0; i < scores.length; i++) {
                byNode.computeIfAbsent(feasible.get(i).name(), name -> new ArrayList<>())
                        .add(new PluginScore(weighted.plugin().name(), scores[i], weighted.weight()));
            }
        }
        return byNode;
    }
}
