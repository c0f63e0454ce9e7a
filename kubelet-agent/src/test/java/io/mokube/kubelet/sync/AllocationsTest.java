package io.mokube.kubelet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mokube.kubelet.resources.Admission;
import io.mokube.kubelet.resources.NodeAmounts.Amounts;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an agent that starts again knows of what was granted. The node has two processors. */
class AllocationsTest {

    @TempDir
    private @Nullable Path folder;

    private Path file() {
        return Objects.requireNonNull(folder).resolve("pods/u1/resources.json");
    }

    private Allocations agent() {
        Admission.Node node = new Admission.Node(new Amounts(2000, 1L << 30, 1L << 30), 110, Set.of(), false);
        return new Allocations(new PodTree(Objects.requireNonNull(folder)), true, () -> node, pod -> List.of());
    }

    private static Pod pod(String cpu) {
        return Json.MAPPER.readValue("""
                {"metadata": {"name": "p", "namespace": "default", "uid": "u1"}, "spec": {"containers": [
                  {"name": "c", "resources": {"requests": {"cpu": "%s"}}}]}}""".formatted(cpu), Pod.class);
    }

    private static @Nullable Quantity granted(Allocations agent, String wanted) {
        return agent.resolve(pod(wanted))
                .pod()
                .getSpec()
                .getContainers()
                .getFirst()
                .getResources()
                .getRequests()
                .get("cpu");
    }

    @BeforeEach
    void run() throws IOException {
        Files.createDirectories(file().getParent());
        Allocations first = agent();
        assertThat(granted(first, "1")).isEqualTo(new Quantity("1"));
        Container container = pod("1").getSpec().getContainers().getFirst();
        first.applied(pod("1"), "id", container, Set.of());
    }

    @Test
    void whatWasGrantedAndWhatRunsIsKnownToTheNextAgent() {
        assertThat(granted(agent(), "4")).as("more than the node has").isEqualTo(new Quantity("1"));
        assertThat(agent().resolve(pod("4")).resizing().applied()).containsOnlyKeys("id");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{\"granted\": {\"c\": {\"requests\"", "{}", "null", "{\"granted\": [], \"applied\": 1}"})
    void aPodWhoseFileIsDamagedCountsAsGrantedWhatItWants(String content) throws IOException {
        Files.writeString(file(), content);
        Allocations next = agent();
        assertThat(granted(next, "4")).isEqualTo(new Quantity("4"));
        next.applied(pod("4"), "id2", pod("4").getSpec().getContainers().getFirst(), Set.of());
        assertThat(granted(agent(), "5")).as("it is whole again").isEqualTo(new Quantity("4"));
    }
}
