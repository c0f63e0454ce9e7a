package io.mokube.scheduler.framework;

import io.mokube.scheduler.framework.NodeFilter.OnlyNodes;
import io.mokube.scheduler.framework.PostFilterPlugin.FilterChain;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.framework.Profile.WeightedScore;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Decides where a pod goes. The same pod, snapshot, start and seed give the same decision.
 *
 * <p>Filters are asked node by node until enough nodes fit; the scores of those are added up, and among the best one is
 * drawn by the seed.
 */
public final class Decider {

    private static final String NO_NODES = "no nodes available to schedule pods";

    private final Profile profile;

    public Decider(Profile profile) {
        this.profile = profile;
    }

    /**
     * Decides.
     *
     * @param start where in the snapshot's order the search begins, so that all nodes get their turn
     * @param seed chooses between nodes of equal score
     */
    public Decision decide(PodInfo pod, Snapshot snapshot, int start, long seed) {
        if (snapshot.size() == 0) {
            return new Decision.NoFit(NO_NODES, Set.of(), new Remedy.None(NO_NODES, true), 0);
        }
        NodeFilter[] filters = prepareFilters(pod, snapshot);
        return switch (search(pod, snapshot, filters, start)) {
            case Search.Nominated nominated ->
                new Decision.Place(nominated.node().name(), 1, 1);
            case Search.Found found -> {
                FeasibleNodes feasible = found.feasible();
                NodeInfo chosen =
                        feasible.size() == 1 ? feasible.get(0) : best(feasible, totals(pod, snapshot, feasible), seed);
                yield new Decision.Place(chosen.name(), found.evaluated(), feasible.size());
            }
            case Search.Nothing nothing -> noFit(pod, snapshot, filters, nothing.rejections());
        };
    }

    /** What asking nodes led to. */
    sealed interface Search {

        /** The pod fits where room was made for it; no other node was asked. */
        record Nominated(NodeInfo node) implements Search {}

        /** Some nodes fit, among the number that were asked. */
        record Found(FeasibleNodes feasible, int evaluated) implements Search {}

        /** No node fits. */
        record Nothing(Rejections rejections) implements Search {}
    }

    /** Asks nodes until enough of them fit. */
    Search search(PodInfo pod, Snapshot snapshot, NodeFilter[] filters, int start) {
        int size = snapshot.size();
        Narrowing narrowing = Narrowing.NONE;
        for (NodeFilter filter : filters) {
            Verdict.Unfit everywhere = filter.everywhere();
            if (everywhere != null) {
                return new Search.Nothing(Rejections.everywhere(size, everywhere, Set.of(everywhere.plugin())));
            }
            OnlyNodes only = filter.onlyNodes();
            if (only != null) {
                narrowing = narrowing.and(only);
            }
        }
        if (narrowing.isImpossible()) {
            return new Search.Nothing(Rejections.everywhere(size, narrowing.contradiction(), narrowing.plugins()));
        }
        if (!pod.nominatedNode().isEmpty()) {
            NodeInfo nominated = snapshot.node(pod.nominatedNode());
            if (nominated != null && check(filters, pod, snapshot, nominated) == null) {
                return new Search.Nominated(nominated);
            }
        }
        int[] some = narrowing.positions(snapshot);
        int candidates = some == null ? size : some.length;
        int enough = profile.scores().isEmpty() ? Math.min(1, candidates) : profile.enoughNodes(candidates);
        FeasibleNodes feasible = new FeasibleNodes(enough);
        Verdict.@Nullable Unfit[] verdicts = null;
        int evaluated = 0;
        int next = candidates == 0 ? 0 : Math.floorMod(start, candidates);
        while (evaluated < candidates && feasible.size() < enough) {
            int position = some == null ? next : some[next];
            NodeInfo node = snapshot.node(position);
            Verdict.Unfit objection = check(filters, pod, snapshot, node);
            if (objection == null) {
                feasible.add(node);
            } else {
                if (verdicts == null) {
                    verdicts = new Verdict.Unfit[size];
                }
                verdicts[position] = objection;
            }
            evaluated++;
            next = next + 1 == candidates ? 0 : next + 1;
        }
        if (feasible.size() > 0) {
            return new Search.Found(feasible, evaluated);
        }
        if (verdicts == null) {
            verdicts = new Verdict.Unfit[size];
        }
        return new Search.Nothing(
                some == null
                        ? Rejections.of(verdicts)
                        : Rejections.of(verdicts, narrowing.leftOut(), narrowing.plugins()));
    }

    NodeFilter[] prepareFilters(PodInfo pod, Snapshot snapshot) {
        List<NodeFilter> filters = new ArrayList<>(profile.filters().size());
        for (FilterPlugin plugin : profile.filters()) {
            NodeFilter filter = plugin.prepare(pod, snapshot);
            if (filter != NodeFilter.NONE) {
                filters.add(filter);
            }
        }
        return filters.toArray(NodeFilter[]::new);
    }

    /**
     * The first objection to a node, null when there is none. Room that was made on the node for pods of the same or a
     * higher priority is taken; but the pod must fit without them too, because they may never come.
     */
    static Verdict.@Nullable Unfit check(NodeFilter[] filters, PodInfo pod, Snapshot snapshot, NodeInfo node) {
        if (!node.nominated().isEmpty()) {
            NodeInfo crowded = node;
            boolean taken = false;
            for (PodInfo waiting : node.nominated()) {
                if (waiting.priority() >= pod.priority() && !waiting.uid().equals(pod.uid())) {
                    crowded = crowded.withPod(waiting);
                    taken = true;
                }
            }
            Verdict.Unfit objection = taken ? check(imagined(filters, snapshot, crowded), crowded) : null;
            if (objection != null) {
                return objection;
            }
        }
        return check(filters, node);
    }

    private static Verdict.@Nullable Unfit check(NodeFilter[] filters, NodeInfo node) {
        for (NodeFilter filter : filters) {
            if (filter.check(node) instanceof Verdict.Unfit unfit) {
                return unfit;
            }
        }
        return null;
    }

    /** The filters as they would be prepared if a node were different. */
    private static NodeFilter[] imagined(NodeFilter[] filters, Snapshot snapshot, NodeInfo node) {
        NodeFilter[] prepared = filters;
        Snapshot imagined = null;
        for (int i = 0; i < filters.length; i++) {
            if (!filters[i].local()) {
                if (imagined == null) {
                    imagined = snapshot.imagining(node);
                    prepared = filters.clone();
                }
                prepared[i] = filters[i].in(imagined);
            }
        }
        return prepared;
    }

    private long[] totals(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        int size = feasible.size();
        long[] totals = new long[size];
        long[] scores = new long[size];
        for (WeightedScore score : profile.scores()) {
            NodeScorer scorer = score.plugin().prepare(pod, snapshot, feasible);
            if (scorer == NodeScorer.NONE) {
                continue;
            }
            for (int i = 0; i < size; i++) {
                scores[i] = scorer.score(feasible.get(i));
            }
            scorer.normalize(scores);
            for (int i = 0; i < size; i++) {
                totals[i] += scores[i] * score.weight();
            }
        }
        return totals;
    }

    /** One of the nodes with the highest total; each of them is as likely as the others over all seeds. */
    private static NodeInfo best(FeasibleNodes feasible, long[] totals, long seed) {
        long highest = Long.MIN_VALUE;
        int ties = 0;
        for (long total : totals) {
            if (total > highest) {
                highest = total;
                ties = 1;
            } else if (total == highest) {
                ties++;
            }
        }
        int drawn = (int) Long.remainderUnsigned(mix(seed), ties);
        for (int i = 0; i < totals.length; i++) {
            if (totals[i] == highest && drawn-- == 0) {
                return feasible.get(i);
            }
        }
        throw new IllegalStateException("no node among " + totals.length);
    }

    /** Spreads a seed's bits, so that consecutive seeds draw unrelated nodes (the finalizer of SplitMix64). */
    private static long mix(long seed) {
        long mixed = (seed ^ (seed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    private Decision noFit(PodInfo pod, Snapshot snapshot, NodeFilter[] filters, Rejections rejections) {
        FilterChain chain = node -> {
            Verdict.Unfit objection = check(imagined(filters, snapshot, node), pod, snapshot, node);
            return objection == null ? Verdict.FITS : objection;
        };
        StringJoiner message =
                new StringJoiner(", ", rejections.summary() + " ", "").setEmptyValue(rejections.summary());
        boolean hopeless = false;
        for (PostFilterPlugin plugin : profile.postFilters()) {
            switch (plugin.remedy(pod, snapshot, rejections, chain)) {
                case Remedy.None none -> {
                    message.add(none.message());
                    hopeless |= none.hopeless();
                }
                case Remedy.Evict evict -> {
                    return new Decision.NoFit(rejections.summary(), rejections.plugins(), evict, snapshot.size());
                }
            }
        }
        return new Decision.NoFit(
                message.toString(),
                rejections.plugins(),
                new Remedy.None(message.toString(), hopeless),
                snapshot.size());
    }
}
