package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.Rejections;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.DisruptionBudget;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
            .thenComparingLong(candidate -> candidate.victims().stream()
                    // Shifted so that two victims of negative priority are still worse than one.
                    .mapToLong(victim -> (long) victim.priority() - Integer.MIN_VALUE)
                    .sum())
            .thenComparingInt(candidate -> candidate.victims().size())
            .thenComparing(Candidate::importantSince, Comparator.reverseOrder());

    /** The pods to take away from a node, most important first. */
    private record Candidate(String node, List<PodInfo> victims, int brokenBudgets) {

        /** When the longest running of the most important victims started. */
        String importantSince() {
            int highest = victims.getFirst().priority();
            return victims.stream()
                    .filter(victim -> victim.priority() == highest)
                    .map(DefaultPreemptionPlugin::started)
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

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
            Optional<Candidate> candidate = candidate(pod, snapshot, snapshot.node(position), filters, reasons);
            if (candidate.isPresent()) {
                candidates.add(candidate.get());
                harmless |= candidate.get().brokenBudgets() == 0;
            }
        }
        return candidates.stream()
                .min(LEAST_HARM_FIRST)
                .<Remedy>map(best -> new Remedy.Evict(best.node(), best.victims()))
                .orElseGet(() -> new Remedy.None("preemption: " + Rejections.summary(size, reasons), true));
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

    private static Optional<Candidate> candidate(
            PodInfo pod, Snapshot snapshot, NodeInfo node, FilterChain filters, Map<String, Integer> reasons) {
        List<PodInfo> lower = new ArrayList<>();
        NodeInfo emptied = node;
        for (PodInfo other : node.pods()) {
            if (other.priority() < pod.priority()) {
                lower.add(other);
                emptied = emptied.withoutPod(other.uid());
            }
        }
        if (lower.isEmpty()) {
            Rejections.count(List.of(NO_VICTIMS), reasons);
            return Optional.empty();
        }
        if (filters.check(emptied) instanceof Verdict.Unfit unfit) {
            Rejections.count(unfit.reasons(), reasons);
            return Optional.empty();
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
            Rejections.count(List.of(NO_VICTIMS), reasons);
            return Optional.empty();
        }
        victims.sort(MOST_IMPORTANT_FIRST);
        return Optional.of(new Candidate(node.name(), victims, brokenBudgets));
    }

    /** Start time, or for a pod that has not started one later than all. */
    private static String started(PodInfo pod) {
        return pod.startedAt().isEmpty() ? "9999" : pod.startedAt();
    }
}
