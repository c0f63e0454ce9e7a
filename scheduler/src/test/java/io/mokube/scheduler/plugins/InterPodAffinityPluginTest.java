package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodAffinityTermBuilder;
import io.mokube.scheduler.framework.TestScores;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.snapshot.Snapshot.Surroundings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Nodes {@code a} and {@code b} are in zone 1, {@code c} in zone 2, {@code d} in none. */
class InterPodAffinityPluginTest {

    private static final String ZONE = "zone";
    private static final InterPodAffinityPlugin PLUGIN = new InterPodAffinityPlugin();

    @Test
    void nearMeansTheSameZone() {
        PodInfo cache = info("cache", "");
        PodInfo web = wanting(
                "web",
                new AffinityBuilder()
                        .withNewPodAffinity()
                        .addToRequiredDuringSchedulingIgnoredDuringExecution(near("cache"))
                        .endPodAffinity());
        assertThat(verdicts(web, cluster(cache.onNode("a")))).containsExactly("", "", "affinity", "affinity");
        assertThat(verdicts(web, cluster())).as("nobody to be near").containsOnly("affinity");
    }

    @Test
    void theFirstOfItsKindMayStandAnywhereThatHasTheLabel() {
        PodInfo web = wanting(
                "web",
                new AffinityBuilder()
                        .withNewPodAffinity()
                        .addToRequiredDuringSchedulingIgnoredDuringExecution(near("web"))
                        .endPodAffinity());
        assertThat(verdicts(web, cluster())).containsExactly("", "", "", "affinity");
    }

    @Test
    void awayMeansAnotherZone() {
        PodInfo noisy = info("noisy", "");
        PodInfo web = wanting(
                "web",
                new AffinityBuilder()
                        .withNewPodAntiAffinity()
                        .addToRequiredDuringSchedulingIgnoredDuringExecution(near("noisy"))
                        .endPodAntiAffinity());
        assertThat(verdicts(web, cluster(noisy.onNode("a")))).containsExactly("anti-affinity", "anti-affinity", "", "");
    }

    @Test
    void thoseAlreadyThereMayObject() {
        PodInfo solitary = wanting(
                "solitary",
                new AffinityBuilder()
                        .withNewPodAntiAffinity()
                        .addToRequiredDuringSchedulingIgnoredDuringExecution(near("web"))
                        .endPodAntiAffinity());
        Snapshot cluster = cluster(solitary.onNode("c"));
        assertThat(verdicts(info("web", ""), cluster)).containsExactly("", "", "existing", "");
        assertThat(verdicts(info("other", ""), cluster)).containsOnly("");
    }

    @Test
    void otherNamespacesCountOnlyWhenNamed() {
        PodInfo foreign =
                info(pod("cache", "").editMetadata().withNamespace("team").endMetadata());
        PodAffinityTerm own = near("cache");
        PodAffinityTerm named =
                new PodAffinityTermBuilder(own).withNamespaces("team").build();
        PodAffinityTerm selected = new PodAffinityTermBuilder(own)
                .withNewNamespaceSelector()
                .addToMatchLabels("kind", "shared")
                .endNamespaceSelector()
                .build();
        NodeInfo[] nodes = nodes(foreign.onNode("a"));
        Snapshot cluster =
                Snapshot.of(List.of(nodes), new Surroundings(List.of(), Map.of("team", Map.of("kind", "shared"))));
        assertThat(verdicts(requiring(own), cluster)).containsOnly("affinity");
        assertThat(verdicts(requiring(named), cluster)).containsExactly("", "", "affinity", "affinity");
        assertThat(verdicts(requiring(selected), cluster)).containsExactly("", "", "affinity", "affinity");
    }

    @Test
    void preferencesAddUp() {
        PodInfo web = wanting(
                "web",
                new AffinityBuilder()
                        .withNewPodAffinity()
                        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                        .withWeight(10)
                        .withPodAffinityTerm(near("cache"))
                        .endPreferredDuringSchedulingIgnoredDuringExecution()
                        .endPodAffinity()
                        .withNewPodAntiAffinity()
                        .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                        .withWeight(10)
                        .withPodAffinityTerm(near("noisy"))
                        .endPreferredDuringSchedulingIgnoredDuringExecution()
                        .endPodAntiAffinity());
        NodeInfo[] nodes =
                nodes(info("cache", "").onNode("a"), info("noisy", "").onNode("c"));
        assertThat(TestScores.of(PLUGIN, web, snapshot(nodes), nodes)).containsExactly(100L, 100L, 0L, 50L);
    }

    private static PodAffinityTerm near(String app) {
        return new PodAffinityTermBuilder()
                .withTopologyKey(ZONE)
                .withNewLabelSelector()
                .addToMatchLabels("app", app)
                .endLabelSelector()
                .build();
    }

    private static PodInfo requiring(PodAffinityTerm term) {
        return wanting(
                "web",
                new AffinityBuilder()
                        .withNewPodAffinity()
                        .addToRequiredDuringSchedulingIgnoredDuringExecution(term)
                        .endPodAffinity());
    }

    private static PodInfo wanting(String name, AffinityBuilder affinity) {
        return info(pod(name, "").editSpec().withAffinity(affinity.build()).endSpec());
    }

    private static NodeInfo[] nodes(PodInfo... pods) {
        NodeInfo[] nodes = {
            nodeInfo(node("a", "cpu=4").editMetadata().addToLabels(ZONE, "1").endMetadata()),
            nodeInfo(node("b", "cpu=4").editMetadata().addToLabels(ZONE, "1").endMetadata()),
            nodeInfo(node("c", "cpu=4").editMetadata().addToLabels(ZONE, "2").endMetadata()),
            nodeInfo(node("d", "cpu=4"))
        };
        for (PodInfo pod : pods) {
            int index = "abcd".indexOf(pod.nodeName());
            nodes[index] = nodes[index].withPod(pod);
        }
        return nodes;
    }

    private static Snapshot cluster(PodInfo... pods) {
        return snapshot(nodes(pods));
    }

    /** For each of the four nodes what is wrong with it, in one word. */
    private static List<String> verdicts(PodInfo pod, Snapshot cluster) {
        var filter = PLUGIN.prepare(pod, cluster);
        return List.of("a", "b", "c", "d").stream()
                .map(cluster::node)
                .map(node -> node == null ? Verdict.FITS : filter.check(node))
                .map(verdict -> switch (verdict) {
                    case Verdict.Fits() -> "";
                    case Verdict.Unfit unfit ->
                        switch (unfit.reasons().getFirst()) {
                            case "node(s) didn't match pod affinity rules" -> "affinity";
                            case "node(s) didn't match pod anti-affinity rules" -> "anti-affinity";
                            case "node(s) didn't satisfy existing pods anti-affinity rules" -> "existing";
                            default -> unfit.toString();
                        };
                })
                .toList();
    }
}
