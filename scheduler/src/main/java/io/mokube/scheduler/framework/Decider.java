package io.mokube.scheduler.framework;

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
        int size = snapshot.size();
        if (size == 0) {
            return new Decision.NoFit(NO_NODES, Set.of(), new Remedy.None(NO_NODES, true), 0);
        }
        NodeFilter[] filters = prepareFilters(pod, snapshot);
        if (!pod.nominatedNode().isEmpty()) {
            NodeInfo nominated = snapshot.node(pod.nominatedNode());
            if (nominated != null && check(filters, pod, snapshot, nominated) == null) {
                return new Decision.Place(nominated.name(), 1, 1);
            }
        }
        int enough = profile.scores().isEmpty() ? 1 : profile.enoughNodes(size);
        FeasibleNodes feasible = new FeasibleNodes(enough);
        Verdict.@Nullable Unfit[] verdicts = null;
        int evaluated = 0;
        int position = Math.floorMod(start, size);
        while (evaluated < size && feasible.size() < enough) {
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
            position = position + 1 == size ? 0 : position + 1;
        }
        if (feasible.size() == 0) {
            return noFit(pod, snapshot, filters, verdicts == null ? new Verdict.Unfit[size] : verdicts);
        }
        NodeInfo chosen =
                feasible.size() == 1 ? feasible.get(0) : best(feasible, totals(pod, snapshot, feasible), seed);
        return new Decision.Place(chosen.name(), evaluated, feasible.size());
    }

    private NodeFilter[] prepareFilters(PodInfo pod, Snapshot snapshot) {
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
    private static Verdict.@Nullable Unfit check(NodeFilter[] filters, PodInfo pod, Snapshot snapshot, NodeInfo node) {
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

    private Decision noFit(PodInfo pod, Snapshot snapshot, NodeFilter[] filters, Verdict.@Nullable Unfit[] verdicts) {
        Rejections rejections = new Rejections(verdicts);
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
