package io.mokube.scheduler.snapshot;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The incremental snapshot says at every moment what a slow, obvious model of the cluster says. */
class ClusterStatePropertyTest {

    private static final String[] REQUESTS = {
        "", "cpu=100m", "cpu=1,memory=1Gi", "example.com/gpu=1", "memory=3Mi,example.com/gpu=2,example.com/nic=1"
    };

    /** One thing that happens to the cluster. */
    sealed interface Step {
        record PutNode(int node, int variant) implements Step {}

        record RemoveNode(int node) implements Step {}

        record PutPod(int pod, int node, int variant) implements Step {}

        record RemovePod(int pod) implements Step {}

        record Assume(int pod, int node, int variant) implements Step {}

        record Forget(int pod) implements Step {}

        record Nominate(int pod, int node) implements Step {}

        record Withdraw(int pod) implements Step {}

        record Budget(int budget, int allowed) implements Step {}

        record Look() implements Step {}
    }

    @Provide
    Arbitrary<List<Step>> histories() {
        Arbitrary<Integer> nodes = Arbitraries.integers().between(0, 5);
        Arbitrary<Integer> pods = Arbitraries.integers().between(0, 7);
        Arbitrary<Integer> variants = Arbitraries.integers().between(0, 4);
        return Arbitraries.<Step>oneOf(
                        Combinators.combine(nodes, variants).as(Step.PutNode::new),
                        nodes.map(Step.RemoveNode::new),
                        Combinators.combine(pods, nodes, variants).as(Step.PutPod::new),
                        pods.map(Step.RemovePod::new),
                        Combinators.combine(pods, nodes, variants).as(Step.Assume::new),
                        pods.map(Step.Forget::new),
                        Combinators.combine(pods, nodes).as(Step.Nominate::new),
                        pods.map(Step.Withdraw::new),
                        Combinators.combine(variants, variants).as(Step.Budget::new),
                        Arbitraries.just(new Step.Look()))
                .list()
                .ofMaxSize(60);
    }

    @Property(tries = 400)
    void agreesWithTheModel(@ForAll("histories") List<Step> history) {
        ClusterState state = new ClusterState();
        Map<String, NodeFacts> nodes = new HashMap<>();
        Map<String, PodInfo> placed = new HashMap<>();
        Set<String> assumed = new HashSet<>();
        Map<String, PodInfo> nominated = new HashMap<>();
        Map<String, DisruptionBudget> budgets = new TreeMap<>();
        for (Step step : history) {
            switch (step) {
                case Step.PutNode(int node, int variant) -> {
                    NodeFacts facts = facts(node, variant);
                    state.putNode(facts);
                    nodes.put(facts.name(), facts);
                }
                case Step.RemoveNode(int node) -> {
                    state.removeNode("n" + node);
                    nodes.remove("n" + node);
                }
                case Step.PutPod(int pod, int node, int variant) -> {
                    PodInfo bound = variantOf(pod, variant).onNode("n" + node);
                    state.putPod(bound);
                    placed.put(bound.uid(), bound);
                    assumed.remove(bound.uid());
                }
                case Step.RemovePod(int pod) -> {
                    state.removePod("uid-p" + pod);
                    placed.remove("uid-p" + pod);
                    assumed.remove("uid-p" + pod);
                }
                case Step.Assume(int pod, int node, int variant) -> {
                    PodInfo wanted = variantOf(pod, variant);
                    boolean possible = nodes.containsKey("n" + node) && !placed.containsKey(wanted.uid());
                    assertThat(state.assume(wanted, "n" + node)).isEqualTo(possible);
                    if (possible) {
                        placed.put(wanted.uid(), wanted.onNode("n" + node));
                        assumed.add(wanted.uid());
                        nominated.remove(wanted.uid());
                    }
                }
                case Step.Forget(int pod) -> {
                    boolean possible = assumed.remove("uid-p" + pod);
                    assertThat(state.forget("uid-p" + pod) != null).isEqualTo(possible);
                    if (possible) {
                        placed.remove("uid-p" + pod);
                    }
                }
                case Step.Nominate(int pod, int node) -> {
                    PodInfo waiting = variantOf(pod, 1);
                    state.nominate(waiting, "n" + node);
                    nominated.put(waiting.uid(), waiting.nominatedTo("n" + node));
                }
                case Step.Withdraw(int pod) -> {
                    state.withdrawNomination("uid-p" + pod);
                    nominated.remove("uid-p" + pod);
                }
                case Step.Budget(int budget, int allowed) -> {
                    DisruptionBudget value = new DisruptionBudget(
                            new ObjectKey("default", "b" + budget), Optional.empty(), allowed, Set.of());
                    if (allowed == 0) {
                        state.removeBudget(value.key());
                        budgets.remove(value.key().name());
                    } else {
                        state.putBudget(value);
                        budgets.put(value.key().name(), value);
                    }
                }
                case Step.Look() -> compare(state.snapshot(), nodes, placed, nominated, budgets);
            }
        }
        compare(state.snapshot(), nodes, placed, nominated, budgets);
    }

    private static void compare(
            Snapshot snapshot,
            Map<String, NodeFacts> nodes,
            Map<String, PodInfo> placed,
            Map<String, PodInfo> nominated,
            Map<String, DisruptionBudget> budgets) {
        List<NodeInfo> rebuilt = new ArrayList<>();
        for (NodeFacts facts : nodes.values()) {
            NodeInfo node = NodeInfo.empty(facts);
            for (PodInfo pod : placed.values()) {
                if (pod.nodeName().equals(facts.name())) {
                    node = node.withPod(pod);
                }
            }
            rebuilt.add(node.withNominated(nominated.values().stream()
                    .filter(pod -> pod.nominatedNode().equals(facts.name()))
                    .toList()));
        }
        Snapshot expected = Snapshot.of(rebuilt, new Snapshot.Surroundings(List.copyOf(budgets.values()), Map.of()));
        assertThat(snapshot.size()).isEqualTo(expected.size());
        assertThat(snapshot.choosyPods()).isEqualTo(expected.choosyPods());
        assertThat(snapshot.budgets()).isEqualTo(expected.budgets());
        for (int i = 0; i < expected.size(); i++) {
            NodeInfo actual = snapshot.node(i);
            NodeInfo wanted = expected.node(i);
            assertThat(actual.facts()).isEqualTo(wanted.facts());
            assertThat(actual.pods()).containsExactlyInAnyOrderElementsOf(wanted.pods());
            assertThat(actual.choosyPods()).containsExactlyInAnyOrderElementsOf(wanted.choosyPods());
            assertThat(actual.requested()).isEqualTo(wanted.requested());
            assertThat(actual.scoredMilliCpu()).isEqualTo(wanted.scoredMilliCpu());
            assertThat(actual.scoredMemory()).isEqualTo(wanted.scoredMemory());
            assertThat(actual.usedPorts()).containsExactlyInAnyOrderElementsOf(wanted.usedPorts());
            assertThat(actual.nominated()).containsExactlyInAnyOrderElementsOf(wanted.nominated());
            assertThat(snapshot.node(wanted.name())).isSameAs(actual);
        }
        for (int image = 0; image < 5; image++) {
            assertThat(snapshot.nodesWithImage("image:" + image)).isEqualTo(expected.nodesWithImage("image:" + image));
        }
    }

    private static NodeFacts facts(int node, int variant) {
        return NodeFacts.of(node("n" + node, "cpu=" + (variant + 1))
                .editMetadata()
                .addToLabels("topology.kubernetes.io/zone", "zone-" + variant % 3)
                .endMetadata()
                .editStatus()
                .addNewImage()
                .withNames("image:" + variant)
                .withSizeBytes(1000L)
                .endImage()
                .endStatus()
                .build());
    }

    private static PodInfo variantOf(int pod, int variant) {
        return variant == 4
                ? info(pod("p" + pod, REQUESTS[variant])
                        .editSpec()
                        .editFirstContainer()
                        .addNewPort()
                        .withContainerPort(80)
                        .withHostPort(8000 + pod % 2)
                        .endPort()
                        .endContainer()
                        .endSpec())
                : info("p" + pod, REQUESTS[variant]);
    }
}
