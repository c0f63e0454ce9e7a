package io.mokube.scheduler.framework;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.framework.Explanation.PluginScore;
import io.mokube.scheduler.framework.NodeFilter.OnlyNodes;
import io.mokube.scheduler.framework.PostFilterPlugin.FilterChain;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.framework.PostFilterPlugin.Victims;
import io.mokube.scheduler.framework.Profile.WeightedScore;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private final Extenders extenders;

    public Decider(Profile profile) {
        this(profile, Extenders.NONE);
    }

    /** Decides by plugins and then by extenders, whose answers are what makes a decision more than a function. */
    public Decider(Profile profile, Extenders extenders) {
        this.profile = profile;
        this.extenders = extenders;
    }

    /**
     * Decides.
     *
     * @param start where in the snapshot's order the search begins, so that all nodes get their turn
     * @param seed chooses between nodes of equal score
     * @throws Extender.FailedException when an extender that can't be done without gives no answer
     */
    public Decision decide(PodInfo pod, Snapshot snapshot, int start, long seed) {
        if (snapshot.size() == 0) {
            return new Decision.NoFit(NO_NODES, Set.of(), new Remedy.None(NO_NODES, true), 0);
        }
        NodeFilter[] filters = prepareFilters(pod, snapshot);
        Search search = search(pod, snapshot, filters, start, true);
        if (search instanceof Search.Nominated(NodeInfo node)
                && !objections(pod, List.of(node)).isEmpty()) {
            search = search(pod, snapshot, filters, start, false);
        }
        return switch (search) {
            case Search.Nominated nominated ->
                new Decision.Place(nominated.node().name(), 1, 1);
            case Search.Found found -> choose(pod, snapshot, filters, found, seed);
            case Search.Nothing nothing -> noFit(pod, snapshot, filters, nothing.rejections(), Heard.NOTHING);
        };
    }

    private Decision choose(PodInfo pod, Snapshot snapshot, NodeFilter[] filters, Search.Found found, long seed) {
        FeasibleNodes feasible = found.feasible();
        Map<String, Verdict.Unfit> objections = Map.of();
        Map<String, List<PluginScore>> scores = Map.of();
        if (!extenders.isEmpty()) {
            objections = objections(pod, feasible.list());
            feasible = feasible.without(objections.keySet());
            if (feasible.size() == 0) {
                Rejections rejections = found.rejections().with(objections, snapshot);
                return noFit(pod, snapshot, filters, rejections, new Heard(objections, scores));
            }
            scores = feasible.size() == 1 ? Map.of() : extenders.score(pod, feasible.list());
        }
        NodeInfo chosen =
                feasible.size() == 1 ? feasible.get(0) : best(feasible, totals(pod, snapshot, feasible, scores), seed);
        return new Decision.Place(
                chosen.name(),
                found.evaluated(),
                feasible.size(),
                extenders.isEmpty() ? Heard.NOTHING : new Heard(objections, scores));
    }

    private Map<String, Verdict.Unfit> objections(PodInfo pod, List<NodeInfo> nodes) {
        return extenders.isEmpty() ? Map.of() : extenders.filter(pod, nodes);
    }

    /** What asking nodes led to. */
    sealed interface Search {

        /** The pod fits where room was made for it; no other node was asked. */
        record Nominated(NodeInfo node) implements Search {}

        /** Some nodes fit, among the number that were asked; others may have objected. */
        record Found(FeasibleNodes feasible, int evaluated, Rejections rejections) implements Search {}

        /** No node fits. */
        record Nothing(Rejections rejections) implements Search {}
    }

    /** Asks nodes until enough of them fit; the one on which room was made for the pod first, unless it is no use. */
    Search search(PodInfo pod, Snapshot snapshot, NodeFilter[] filters, int start, boolean nominatedFirst) {
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
        if (nominatedFirst && !pod.nominatedNode().isEmpty()) {
            NodeInfo nominated = snapshot.node(pod.nominatedNode());
            if (nominated != null && check(filters, pod, snapshot, nominated) == null) {
                return new Search.Nominated(nominated);
            }
        }
        int[] some = narrowing.positions(snapshot);
        int candidates = some == null ? size : some.length;
        int enough = profile.scores().isEmpty() && extenders.isEmpty()
                ? Math.min(1, candidates)
                : profile.enoughNodes(candidates);
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
        if (verdicts == null) {
            if (feasible.size() > 0 && extenders.isEmpty()) {
                return new Search.Found(feasible, evaluated, Rejections.NONE);
            }
            verdicts = new Verdict.Unfit[size];
        }
        Rejections rejections = some == null
                ? Rejections.of(verdicts)
                : Rejections.of(verdicts, narrowing.leftOut(), narrowing.plugins());
        return feasible.size() > 0 ? new Search.Found(feasible, evaluated, rejections) : new Search.Nothing(rejections);
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

    private long[] totals(
            PodInfo pod, Snapshot snapshot, FeasibleNodes feasible, Map<String, List<PluginScore>> extended) {
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
        if (!extended.isEmpty()) {
            for (int i = 0; i < size; i++) {
                for (PluginScore score : extended.getOrDefault(feasible.get(i).name(), List.of())) {
                    totals[i] += score.score() * score.weight();
                }
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

    private Decision noFit(PodInfo pod, Snapshot snapshot, NodeFilter[] filters, Rejections rejections, Heard heard) {
        FilterChain chain = new FilterChain() {
            @Override
            public Verdict check(NodeInfo node) {
                Verdict.Unfit objection = Decider.check(imagined(filters, snapshot, node), pod, snapshot, node);
                return objection == null ? Verdict.FITS : objection;
            }

            @Override
            public boolean local() {
                return Arrays.stream(filters).allMatch(NodeFilter::local);
            }

            @Override
            public Map<String, Victims> reviewed(Map<String, Victims> victims) {
                return extenders.preempt(pod, victims, snapshot);
            }
        };
        String summary = rejections.summary();
        StringJoiner message = new StringJoiner(", ", summary + " ", "").setEmptyValue(summary);
        boolean hopeless = false;
        Optional<ObjectKey> takeBack = Optional.empty();
        for (PostFilterPlugin plugin : profile.postFilters()) {
            switch (plugin.remedy(pod, snapshot, rejections, chain)) {
                case Remedy.None none -> {
                    message.add(none.message());
                    hopeless |= none.hopeless();
                    takeBack = takeBack.or(none::takeBack);
                }
                case Remedy.Evict evict -> {
                    return new Decision.NoFit(summary, rejections.plugins(), evict, snapshot.size(), heard);
                }
            }
        }
        return new Decision.NoFit(
                message.toString(),
                rejections.plugins(),
                new Remedy.None(message.toString(), hopeless, takeBack),
                snapshot.size(),
                heard);
    }
}
