package io.mokube.scheduler.framework;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodAffinityTermBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.plugins.ObviousAffinity;
import io.mokube.scheduler.plugins.ObviousPreemption;
import io.mokube.scheduler.plugins.ObviousSpread;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.DisruptionBudget;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * A decision on a cluster that changed a thousand times is the one that a slow, obvious implementation makes on the same
 * cluster seen for the first time: spreading, affinity and preemption count nothing wrong when they count only changes.
 */
class FastDecisionsPropertyTest {

    private static final Profile FAST = DefaultPlugins.profile("default-scheduler");
    private static final Profile OBVIOUS = obvious();

    private static final List<String> KEYS =
            List.of("kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack", "nowhere");
    private static final List<String> COLOURS = List.of("red", "green", "blue");
    private static final List<String> NAMESPACES = List.of("default", "shop", "bank");

    private static Profile obvious() {
        Map<String, Plugin> slow = Map.of(
                "PodTopologySpread",
                new ObviousSpread(),
                "InterPodAffinity",
                new ObviousAffinity(),
                "DefaultPreemption",
                new ObviousPreemption());
        List<Plugin> plugins = DefaultPlugins.standard().stream()
                .map(each -> slow.getOrDefault(each.name(), each))
                .toList();
        return Profile.of("default-scheduler", plugins, DefaultPlugins.weights(), 0);
    }

    @Property(tries = 150)
    void isWhatASlowImplementationDecides(@ForAll long seed) {
        Random random = new Random(seed);
        ClusterState state = new ClusterState();
        List<PodInfo> standing = new ArrayList<>();
        for (int step = 0; step < 60; step++) {
            change(state, standing, step, random);
            PodInfo pod = randomPod("p" + step, random);
            Snapshot snapshot = state.snapshot();
            Snapshot seenFirst = Snapshot.of(snapshot.nodes(), snapshot.surroundings());
            int start = random.nextInt(100);
            Decision fast = new Decider(FAST).decide(pod, snapshot, start, step);
            Decision slow = new Decider(OBVIOUS).decide(pod, seenFirst, start, step);
            assertThat(fast).as("step %d", step).isEqualTo(slow);
            follow(fast, pod, state, standing);
        }
    }

    private static void follow(Decision decision, PodInfo pod, ClusterState state, List<PodInfo> standing) {
        switch (decision) {
            case Decision.Place place -> {
                state.assume(pod, place.node());
                standing.add(pod.onNode(place.node()));
            }
            case Decision.NoFit noFit -> {
                if (noFit.remedy() instanceof Remedy.Evict evict) {
                    state.nominate(pod, evict.node());
                    evict.victims().forEach(victim -> state.removePod(victim.uid()));
                    standing.removeIf(other -> !state.isPlaced(other.uid()));
                }
            }
        }
    }

    private static void change(ClusterState state, List<PodInfo> standing, int step, Random random) {
        switch (step < 5 ? 0 : random.nextInt(12)) {
            case 0 -> state.putNode(randomNode(random));
            case 1 -> state.removeNode("n" + random.nextInt(7));
            case 2, 3 -> {
                if (!standing.isEmpty()) {
                    state.removePod(
                            standing.remove(random.nextInt(standing.size())).uid());
                }
            }
            case 4 -> {
                if (!standing.isEmpty()) {
                    // Another pod in its place, or the same one on its way out.
                    int index = random.nextInt(standing.size());
                    PodInfo old = standing.get(index);
                    PodInfo changed = seen(old, randomPod(old.key().name(), random), random.nextBoolean());
                    state.putPod(changed);
                    standing.set(index, changed);
                }
            }
            case 5 -> state.putNamespace(pick(NAMESPACES, random), Map.of("team", pick(COLOURS, random)));
            case 6 -> state.withdrawNomination("uid-p" + random.nextInt(step));
            case 7 ->
                state.putBudget(new DisruptionBudget(
                        new ObjectKey(pick(NAMESPACES, random), "budget"),
                        Optional.of(io.mokube.machinery.selector.LabelSelector.ofLabels(
                                Map.of("colour", pick(COLOURS, random)))),
                        random.nextInt(2),
                        Set.of()));
            default -> {}
        }
    }

    private static PodInfo seen(PodInfo old, PodInfo changed, boolean terminating) {
        PodBuilder pod = pod(old.key().name(), "cpu=300m")
                .editMetadata()
                .withNamespace(old.key().namespace())
                .withUid(old.uid())
                .withLabels(changed.labels())
                .withDeletionTimestamp(terminating ? "2026-01-01T00:00:00Z" : null)
                .endMetadata()
                .editSpec()
                .withNodeName(old.nodeName())
                .withPriority(changed.priority())
                .endSpec();
        return info(pod);
    }

    private static NodeFacts randomNode(Random random) {
        NodeBuilder node = node("n" + random.nextInt(7), "cpu=" + (1 + random.nextInt(2)));
        if (random.nextInt(5) > 0) {
            node.editMetadata()
                    .addToLabels("topology.kubernetes.io/zone", "zone-" + random.nextInt(3))
                    .endMetadata();
        }
        if (random.nextBoolean()) {
            node.editMetadata().addToLabels("rack", "rack-" + random.nextInt(2)).endMetadata();
        }
        if (random.nextInt(4) == 0) {
            node.editSpec().addNewTaint("NoSchedule", "dedicated", null, "shop").endSpec();
        }
        return NodeFacts.of(node.build());
    }

    private static PodInfo randomPod(String name, Random random) {
        PodBuilder pod = pod(name, "cpu=" + (1 + random.nextInt(5)) * 200 + "m");
        pod.editMetadata()
                .withNamespace(pick(NAMESPACES, random))
                .withLabels(Map.of("colour", pick(COLOURS, random)))
                .endMetadata();
        pod.editSpec().withPriority(random.nextInt(3)).endSpec();
        if (random.nextInt(3) == 0) {
            pod.editSpec()
                    .addNewToleration("NoSchedule", "dedicated", "Exists", null, null)
                    .endSpec();
        }
        if (random.nextInt(4) == 0) {
            pod.editSpec()
                    .withNodeSelector(Map.of("rack", "rack-" + random.nextInt(2)))
                    .endSpec();
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            pod.editSpec()
                    .addNewTopologySpreadConstraint()
                    .withMaxSkew(1 + random.nextInt(2))
                    .withTopologyKey(pick(KEYS, random))
                    .withWhenUnsatisfiable(random.nextBoolean() ? "DoNotSchedule" : "ScheduleAnyway")
                    .withLabelSelector(random.nextInt(5) == 0 ? null : selector(random))
                    .withMinDomains(random.nextInt(4) == 0 ? 3 : null)
                    .withNodeAffinityPolicy(random.nextBoolean() ? "Honor" : "Ignore")
                    .withNodeTaintsPolicy(random.nextBoolean() ? "Honor" : "Ignore")
                    .endTopologySpreadConstraint()
                    .endSpec();
        }
        if (random.nextInt(3) == 0) {
            pod.editSpec()
                    .editOrNewAffinity()
                    .editOrNewPodAffinity()
                    .addToRequiredDuringSchedulingIgnoredDuringExecution(term(random))
                    .addToPreferredDuringSchedulingIgnoredDuringExecution(weighted(random))
                    .endPodAffinity()
                    .endAffinity()
                    .endSpec();
        }
        if (random.nextInt(3) == 0) {
            pod.editSpec()
                    .editOrNewAffinity()
                    .editOrNewPodAntiAffinity()
                    .addToRequiredDuringSchedulingIgnoredDuringExecution(term(random))
                    .addToPreferredDuringSchedulingIgnoredDuringExecution(weighted(random))
                    .endPodAntiAffinity()
                    .endAffinity()
                    .endSpec();
        }
        return info(pod);
    }

    private static WeightedPodAffinityTerm weighted(Random random) {
        return new WeightedPodAffinityTerm(term(random), 1 + random.nextInt(100));
    }

    private static PodAffinityTerm term(Random random) {
        PodAffinityTermBuilder term =
                new PodAffinityTermBuilder().withTopologyKey(pick(KEYS, random)).withLabelSelector(selector(random));
        switch (random.nextInt(3)) {
            case 0 -> term.withNamespaces(pick(NAMESPACES, random), pick(NAMESPACES, random));
            case 1 ->
                term.withNamespaceSelector(new LabelSelectorBuilder()
                        .addToMatchLabels("team", pick(COLOURS, random))
                        .build());
            default -> {}
        }
        return term.build();
    }

    private static LabelSelector selector(Random random) {
        return new LabelSelectorBuilder()
                .addToMatchLabels("colour", pick(COLOURS, random))
                .build();
    }

    private static String pick(List<String> values, Random random) {
        return values.get(random.nextInt(values.size()));
    }
}
