package io.mokube.scheduler.framework;

import io.mokube.scheduler.framework.Explanation.PluginScore;
import io.mokube.scheduler.framework.Extender.FailedException;
import io.mokube.scheduler.framework.PostFilterPlugin.Victims;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/** The extenders of one scheduler, asked in their order. Those that are ignorable and fail count as not there. */
public final class Extenders {

    /** Nobody outside has a say. */
    public static final Extenders NONE = new Extenders(List.of());

    /** Nobody knows what an extender waits for, so what it turned away is tried again after every change. */
    static final RejectingPlugin ANYTHING_HELPS = new RejectingPlugin() {
        @Override
        public String name() {
            return "Extender";
        }

        @Override
        public Set<ClusterEvent> unblockedBy() {
            return EnumSet.allOf(ClusterEvent.class);
        }
    };

    private final List<Extender> all;

    public Extenders(List<? extends Extender> all) {
        this.all = List.copyOf(all);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** The extenders that bind a pod, in the order in which they are asked to. */
    public List<Extender> binding(PodInfo pod) {
        return all.stream()
                .filter(extender -> extender.binds() && extender.concerns(pod))
                .toList();
    }

    /** What they have against nodes, by name: each is asked about those that the ones before let pass. */
    Map<String, Verdict.Unfit> filter(PodInfo pod, List<NodeInfo> nodes) {
        Map<String, Verdict.Unfit> objections = new HashMap<>();
        List<NodeInfo> left = nodes;
        for (Extender extender : all) {
            if (!left.isEmpty() && extender.concerns(pod)) {
                List<NodeInfo> asked = left;
                objections.putAll(ask(extender, each -> each.filter(pod, asked), Map.of()));
                left = left.stream()
                        .filter(node -> !objections.containsKey(node.name()))
                        .toList();
            }
        }
        return objections;
    }

    /** How they rate nodes, by name. */
    Map<String, List<PluginScore>> score(PodInfo pod, List<NodeInfo> nodes) {
        Map<String, List<PluginScore>> scores = new HashMap<>();
        for (Extender extender : all) {
            if (extender.weight() > 0 && extender.concerns(pod)) {
                Map<String, Long> said;
                try {
                    said = extender.score(pod, nodes);
                } catch (FailedException e) {
                    // As in kube-scheduler, nodes are then compared without it.
                    continue;
                }
                said.forEach((node, score) -> scores.computeIfAbsent(node, any -> new ArrayList<>())
                        .add(new PluginScore(extender.name(), score, extender.weight())));
            }
        }
        return scores;
    }

    /** Which of these ways to make room remain. */
    Map<String, Victims> preempt(PodInfo pod, Map<String, Victims> victims, Snapshot snapshot) {
        Map<String, Victims> left = victims;
        for (Extender extender : all) {
            if (!left.isEmpty() && extender.preempts() && extender.concerns(pod)) {
                Map<String, Victims> asked = left;
                Map<String, NodeInfo> nodes = new HashMap<>();
                asked.keySet().forEach(name -> nodes.put(name, Objects.requireNonNull(snapshot.node(name))));
                left = ask(extender, each -> each.preempt(pod, asked, nodes), asked);
            }
        }
        return left;
    }

    private static <T> T ask(Extender extender, Function<Extender, T> question, T otherwise) {
        try {
            return question.apply(extender);
        } catch (FailedException e) {
            if (extender.ignorable()) {
                return otherwise;
            }
            throw e;
        }
    }
}
