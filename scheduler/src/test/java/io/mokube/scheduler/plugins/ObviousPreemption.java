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

/** Preemption as its documentation tells it, for few nodes: each is built anew for every pod that may stay. */
public final class ObviousPreemption implements PostFilterPlugin {

    private static final Comparator<PodInfo> IMPORTANT_FIRST =
            Comparator.comparingInt(PodInfo::priority).reversed().thenComparing(ObviousPreemption::started);

    private record Choice(String node, List<PodInfo> victims, int broken) {

        int highest() {
            return victims.getFirst().priority();
        }

        long sum() {
            return victims.stream()
                    .mapToLong(victim -> victim.priority() + (1L << 31))
                    .sum();
        }

        String since() {
            return victims.stream()
                    .filter(victim -> victim.priority() == highest())
                    .map(ObviousPreemption::started)
                    .sorted()
                    .toList()
                    .getFirst();
        }
    }

    @Override
    public String name() {
        return "DefaultPreemption";
    }

    private static String started(PodInfo pod) {
        return pod.startedAt().isEmpty() ? "9" : pod.startedAt();
    }

    @Override
    public Remedy remedy(PodInfo pod, Snapshot snapshot, Rejections rejected, FilterChain filters) {
        List<Choice> choices = new ArrayList<>();
        Map<String, Integer> reasons = new HashMap<>();
        for (int i = 0; i < snapshot.size(); i++) {
            int position = (Math.floorMod(pod.uid().hashCode(), snapshot.size()) + i) % snapshot.size();
            Verdict.Unfit verdict = rejected.at(position);
            if (verdict == null || !verdict.preemptionMayHelp()) {
                reasons.merge("Preemption is not helpful for scheduling", 1, Integer::sum);
            } else {
                consider(pod, snapshot, snapshot.node(position), filters, choices, reasons);
            }
        }
        return choices.stream()
                .min(Comparator.comparingInt(Choice::broken)
                        .thenComparingInt(Choice::highest)
                        .thenComparingLong(Choice::sum)
                        .thenComparingInt(choice -> choice.victims().size())
                        .thenComparing(Choice::since, Comparator.reverseOrder()))
                .<Remedy>map(best -> new Remedy.Evict(best.node(), best.victims()))
                .orElseGet(() -> new Remedy.None("preemption: " + Rejections.summary(snapshot.size(), reasons), true));
    }

    private static void consider(
            PodInfo pod,
            Snapshot snapshot,
            NodeInfo node,
            FilterChain filters,
            List<Choice> choices,
            Map<String, Integer> reasons) {
        List<PodInfo> lower = new ArrayList<>(node.pods().stream()
                .filter(other -> other.priority() < pod.priority())
                .toList());
        List<PodInfo> staying = new ArrayList<>(node.pods());
        staying.removeAll(lower);
        if (lower.isEmpty()) {
            reasons.merge("No preemption victims found for incoming pod", 1, Integer::sum);
            return;
        }
        if (filters.check(with(node, staying)) instanceof Verdict.Unfit unfit) {
            unfit.reasons().forEach(reason -> reasons.merge(reason, 1, Integer::sum));
            return;
        }
        lower.sort(IMPORTANT_FIRST);
        List<PodInfo> guarded = new ArrayList<>();
        Map<DisruptionBudget, Integer> allowed = new HashMap<>();
        for (PodInfo other : lower) {
            boolean breaks = false;
            for (DisruptionBudget budget : snapshot.budgets()) {
                if (budget.covers(other)) {
                    int left = allowed.getOrDefault(budget, budget.allowed()) - 1;
                    allowed.put(budget, left);
                    breaks |= left < 0;
                }
            }
            if (breaks) {
                guarded.add(other);
            }
        }
        List<PodInfo> order = new ArrayList<>(guarded);
        lower.stream().filter(other -> !guarded.contains(other)).forEach(order::add);
        List<PodInfo> victims = new ArrayList<>();
        int broken = 0;
        for (PodInfo other : order) {
            List<PodInfo> more = new ArrayList<>(staying);
            more.add(other);
            if (filters.check(with(node, more)) == Verdict.FITS) {
                staying = more;
            } else {
                victims.add(other);
                broken += guarded.contains(other) ? 1 : 0;
            }
        }
        if (victims.isEmpty()) {
            reasons.merge("No preemption victims found for incoming pod", 1, Integer::sum);
            return;
        }
        victims.sort(IMPORTANT_FIRST);
        choices.add(new Choice(node.name(), victims, broken));
    }

    private static NodeInfo with(NodeInfo node, List<PodInfo> pods) {
        NodeInfo built = NodeInfo.empty(node.facts()).withNominated(node.nominated());
        for (PodInfo pod : pods) {
            built = built.withPod(pod);
        }
        return built;
    }
}
