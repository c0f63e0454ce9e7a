package io.mokube.controllermanager.controllers.podgc;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;

class CollectableTest {

    @Test
    void sortsPodsOut() {
        List<Pod> pods = List.of(
                pod("runs", "here", "Running", 1, false),
                pod("lost", "gone", "Running", 1, false),
                pod("lost-and-deleted", "gone", "Running", 1, true),
                pod("lost-and-ended", "gone", "Failed", 1, false),
                pod("waits", "", "Pending", 1, false),
                pod("never-placed", "", "Pending", 1, true),
                pod("ends-on-its-node", "here", "Running", 1, true),
                pod("second", "here", "Succeeded", 2, false),
                pod("first", "here", "Failed", 1, false),
                pod("third", "here", "Succeeded", 3, false));
        Collectable collectable = Collectable.of(pods, "gone"::equals, 1);
        assertThat(names(collectable.orphaned())).containsExactly("lost", "lost-and-deleted", "lost-and-ended");
        assertThat(names(collectable.unscheduled())).containsExactly("never-placed");
        assertThat(names(collectable.ended())).containsExactly("first", "second");
        assertThat(Collectable.of(pods, "gone"::equals, 3).ended()).isEmpty();
        assertThat(Collectable.nodes(pods)).containsExactly("here", "gone");
    }

    private static List<String> names(List<Pod> pods) {
        return pods.stream().map(pod -> pod.getMetadata().getName()).toList();
    }

    private static Pod pod(String name, String node, String phase, int minute, boolean deleting) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withCreationTimestamp("2026-01-01T00:0" + minute + ":00Z")
                .withDeletionTimestamp(deleting ? "2026-01-01T01:00:00Z" : null)
                .endMetadata()
                .withNewSpec()
                .withNodeName(node.isEmpty() ? null : node)
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();
    }
}
