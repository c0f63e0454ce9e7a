package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.Rejections;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.DisruptionBudget;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodClaims;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes room for a pod by taking less important ones away: on each node where that could help, all pods of lower
 * priority are taken away in thought, and as many as possible are given back, those first whose disruption budget
 * would be broken. The node on which this hurts least is chosen.
 */
public final class DefaultPreemptionPlugin implements PostFilterPlugin {

    private static final String NO_VICTIMS = "No preemption victims found for incoming pod";
    private static final String NOT_HELPFUL = "Preemption is not helpful for scheduling";

    /** Higher priority first, then the longer running. */
    private static final Comparator<PodInfo> MOST_IMPORTANT_FIRST =
            Comparator.comparingInt(PodInfo::priority).reversed().thenComparing(DefaultPreemptionPlugin::started);

    /** By what each choice breaks, in order: budgets, the most important victim, all victims' priorities, their number. */
    private static final Comparator<Candidate> LEAST_HARM_FIRST = Comparator.comparingInt(Candidate::brokenBudgets)
            .thenComparingInt(candidate -> candidate.victims().getFirst().priority())
            .thenComparingLong(Candidate::priorities)
            .thenComparingInt(candidate -> candidate.victims().size())
            .thenComparing(Candidate::importantSince, Comparator.reverseOrder());

    /** What a node offers to pods of one kind. */
    private sealed interface Offer permits Offer.Nothing, Candidate {

        /** Taking pods away does not help, or there are none to take away. */
        record Nothing(List<String> reasons) implements Offer {}
    }

    /**
     * The pods to take away from a node, most important first.
     *
     * @param priorities the sum of theirs, shifted so that two victims of negative priority are still worse than one
     * @param importantSince when the longest running of the most important victims started
     */
    private record Candidate(
            String node, List<PodInfo> victims, int brokenBudgets, long priorities, String importantSince)
            implements Offer {

        static Candidate of(String node, List<PodInfo> victims, int brokenBudgets) {
            int highest = victims.getFirst().priority();
            long priorities = 0;
            String since = started(victims.getFirst());
            for (PodInfo victim : victims) {
                priorities += (long) victim.priority() - Integer.MIN_VALUE;
                if (victim.priority() == highest && started(victim).compareTo(since) < 0) {
                    since = started(victim);
                }
            }
            return new Candidate(node, victims, brokenBudgets, priorities, since);
        }
    }

    /**
     * What nodes offered to the latest kind of pod, as long as nothing about them changed. It decides how long an answer takes
     * and never what it says: only answers that depend on the node and the kind of pod alone are remembered.
     */
    private static final class Memory {

        private final PodInfo kind;
        private final List<DisruptionBudget> budgets;
        private final IdentityHashMap<NodeInfo, Offer> offers = new IdentityHashMap<>();

        Memory(PodInfo kind, List<DisruptionBudget> budgets) {
            this.kind = kind;
            this.budgets = budgets;
        }

        boolean isOf(PodInfo pod, List<DisruptionBudget> now) {
            return kind.asksForTheSameAs(pod) && budgets.equals(now);
        }

        /** Makes room when what is remembered of nodes as they were is most of it. */
        void clean(int nodes) {
            if (offers.size() > 2 * nodes) {
                offers.clear();
            }
        }
    }

    /** Used by one decision at a time. */
    private @Nullable Memory memory;

    private final int candidatesPercentage;
    private final int fewestCandidates;

    public DefaultPreemptionPlugin() {
        this(10, 100);
    }

    /**
     * Configured with how many nodes on which it could help are enough to choose from.
     *
     * @param candidatesPercentage of those nodes that are not ruled out
     * @param fewestCandidates even when that is a larger share
     */
    public DefaultPreemptionPlugin(int candidatesPercentage, int fewestCandidates) {
        this.candidatesPercentage = candidatesPercentage;
        this.fewestCandidates = fewestCandidates;
    }

    @Override
    public String name() {
        return "DefaultPreemption";
    }

    @Override
    public Remedy remedy(PodInfo pod, Snapshot snapshot, Rejections rejected, FilterChain filters) {
        if (!pod.mayPreempt()) {
            return new Remedy.None("preemption: not eligible due to preemptionPolicy=Never.", false);
        }
        if (victimsAreLeaving(pod, snapshot, rejected)) {
            return new Remedy.None("preemption: not eligible due to a terminating pod on the nominated node.", false);
        }
        int size = snapshot.size();
        int hopeful = 0;
        for (int i = 0; i < size; i++) {
            Verdict.Unfit verdict = rejected.at(i);
            hopeful += verdict != null && verdict.preemptionMayHelp() ? 1 : 0;
        }
        int enough = Math.max(fewestCandidates, (int) ((long) hopeful * candidatesPercentage / 100));
        int start = Math.floorMod(pod.uid().hashCode(), size);
        Memory remembered = remembered(pod, snapshot, filters);
        List<Candidate> candidates = new ArrayList<>();
        boolean harmless = false;
        Map<String, Integer> reasons = new HashMap<>();
        for (int i = 0; i < size && !(harmless && candidates.size() >= enough); i++) {
            int position = (start + i) % size;
            Verdict.Unfit verdict = rejected.at(position);
            if (verdict == null || !verdict.preemptionMayHelp()) {
                Rejections.count(List.of(NOT_HELPFUL), reasons);
                continue;
            }
            switch (offer(pod, snapshot, snapshot.node(position), filters, remembered)) {
                case Candidate candidate -> {
                    candidates.add(candidate);
                    harmless |= candidate.brokenBudgets() == 0;
                }
                case Offer.Nothing nothing -> Rejections.count(nothing.reasons(), reasons);
            }
        }
        if (candidates.isEmpty()) {
            return new Remedy.None("preemption: " + Rejections.summary(size, reasons), true);
        }
        return reviewed(candidates, filters).stream()
                .min(LEAST_HARM_FIRST)
                .<Remedy>map(best -> new Remedy.Evict(best.node(), best.victims()))
                .orElseGet(() -> new Remedy.None("preemption: no candidate node for preemption", true));
    }

    private static List<Candidate> reviewed(List<Candidate> candidates, FilterChain filters) {
        Map<String, Victims> byNode = new LinkedHashMap<>();
        candidates.forEach(each -> byNode.put(each.node(), new Victims(each.victims(), each.brokenBudgets())));
        Map<String, Victims> left = filters.reviewed(byNode);
        return left.equals(byNode)
                ? candidates
                : left.entrySet().stream()
                        .map(each -> Candidate.of(
                                each.getKey(),
                                each.getValue().pods().stream()
                                        .sorted(MOST_IMPORTANT_FIRST)
                                        .toList(),
                                each.getValue().brokenBudgets()))
                        .toList();
    }

    /** Whether room is being made for the pod already: then more must not be taken away. */
    private static boolean victimsAreLeaving(PodInfo pod, Snapshot snapshot, Rejections rejected) {
        int position = pod.nominatedNode().isEmpty() ? -1 : snapshot.position(pod.nominatedNode());
        if (position < 0) {
            return false;
        }
        Verdict.Unfit verdict = rejected.at(position);
        if (verdict != null && !verdict.preemptionMayHelp()) {
            // However many go, the pod does not fit there any more: it may look elsewhere.
            return false;
        }
        NodeInfo nominated = snapshot.node(position);
        return nominated.pods().stream().anyMatch(other -> other.terminating() && other.priority() < pod.priority());
    }

    /** What is remembered for pods like this one; null when what nodes offer does not depend on themselves alone. */
    private synchronized @Nullable Memory remembered(PodInfo pod, Snapshot snapshot, FilterChain filters) {
        if (!filters.local() || !pod.claims().equals(PodClaims.NONE)) {
            return null;
        }
        Memory known = memory;
        if (known == null || !known.isOf(pod, snapshot.budgets())) {
            known = new Memory(pod, snapshot.budgets());
            memory = known;
        }
        known.clean(snapshot.size());
        return known;
    }

    private static Offer offer(
            PodInfo pod, Snapshot snapshot, NodeInfo node, FilterChain filters, @Nullable Memory remembered) {
        // Room that is kept for somebody, perhaps for this very pod, makes the answer the pod's own.
        if (remembered == null || !node.nominated().isEmpty()) {
            return offer(pod, snapshot, node, filters);
        }
        Offer known = remembered.offers.get(node);
        if (known == null) {
            known = offer(pod, snapshot, node, filters);
            remembered.offers.put(node, known);
        }
        return known;
    }

    private static Offer offer(PodInfo pod, Snapshot snapshot, NodeInfo node, FilterChain filters) {
        List<PodInfo> lower = new ArrayList<>();
        NodeInfo emptied = node;
        for (PodInfo other : node.pods()) {
            if (other.priority() < pod.priority()) {
                lower.add(other);
                emptied = emptied.withoutPod(other.uid());
            }
        }
        if (lower.isEmpty()) {
            return new Offer.Nothing(List.of(NO_VICTIMS));
        }
        if (filters.check(emptied) instanceof Verdict.Unfit unfit) {
            return new Offer.Nothing(unfit.reasons());
        }
        lower.sort(MOST_IMPORTANT_FIRST);
        List<PodInfo> guarded = new ArrayList<>();
        List<PodInfo> free = new ArrayList<>();
        Map<DisruptionBudget, Integer> left = new HashMap<>();
        for (PodInfo other : lower) {
            boolean breaks = false;
            for (DisruptionBudget budget : snapshot.budgets()) {
                if (budget.covers(other)) {
                    breaks |= left.merge(budget, budget.allowed() - 1, (old, first) -> old - 1) < 0;
                }
            }
            (breaks ? guarded : free).add(other);
        }
        NodeInfo refilled = emptied;
        List<PodInfo> victims = new ArrayList<>();
        int brokenBudgets = 0;
        for (PodInfo other : guarded) {
            NodeInfo with = refilled.withPod(other);
            if (filters.check(with) == Verdict.FITS) {
                refilled = with;
            } else {
                victims.add(other);
                brokenBudgets++;
            }
        }
        for (PodInfo other : free) {
            NodeInfo with = refilled.withPod(other);
            if (filters.check(with) == Verdict.FITS) {
                refilled = with;
            } else {
                victims.add(other);
            }
        }
        if (victims.isEmpty()) {
            // Fits after all, so the rejection came from pods nominated to this node; nobody has to go.
            return new Offer.Nothing(List.of(NO_VICTIMS));
        }
        victims.sort(MOST_IMPORTANT_FIRST);
        return Candidate.of(node.name(), victims, brokenBudgets);
    }

    /** Start time, or for a pod that has not started one later than all. */
    private static String started(PodInfo pod) {
        return pod.startedAt().isEmpty() ? "9999" : pod.startedAt();
    }
}
