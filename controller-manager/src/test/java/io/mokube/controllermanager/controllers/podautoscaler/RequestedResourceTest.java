package io.mokube.controllermanager.controllers.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What pods ask for, in containers and as a whole. */
class RequestedResourceTest {

    /** Reads {@code cpu=100m memory=1Gi}. */
    private static Map<String, Quantity> amounts(@Nullable String text) {
        Map<String, Quantity> amounts = new HashMap<>();
        if (text != null) {
            for (String each : text.strip().split(" +")) {
                amounts.put(
                        each.substring(0, each.indexOf('=')), Quantity.parse(each.substring(each.indexOf('=') + 1)));
            }
        }
        return amounts;
    }

    private static ResourceRequirements requests(@Nullable String text) {
        return new ResourceRequirementsBuilder().withRequests(amounts(text)).build();
    }

    /** Reads {@code a cpu=1; b}: containers with their requests. */
    private static List<Container> containers(@Nullable String text, @Nullable String restartPolicy) {
        if (text == null) {
            return List.of();
        }
        return Arrays.stream(text.split(";"))
                .map(String::strip)
                .map(each -> new ContainerBuilder()
                        .withName(each.split(" ")[0])
                        .withRestartPolicy(restartPolicy)
                        .withResources(requests(each.contains(" ") ? each.substring(each.indexOf(' ')) : null))
                        .build())
                .toList();
    }

    private static Pod pod(
            String containers, @Nullable String initial, @Nullable String sidecars, @Nullable String own) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .endMetadata()
                .withNewSpec()
                .addAllToContainers(containers(containers, null))
                .addAllToInitContainers(containers(sidecars, "Always"))
                .addAllToInitContainers(containers(initial, null))
                .withResources(own == null ? null : requests(own))
                .withOverhead(amounts("cpu=5m"))
                .endSpec()
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        "a cpu=100m, , , , 100",
        "a cpu=100m; b cpu=1, , , , 1100",
        // Those that run beside count, those that run before don't.
        "a cpu=100m, i cpu=3, s cpu=20m, , 120",
        // The pod's own request is what counts, with its overhead.
        "a cpu=100m; b cpu=1, , , cpu=2, 2005",
        "a; b, , , cpu=2, 2005",
        // The pod says something, but not of this resource: its containers do, one of them at least.
        "a cpu=100m; b, , , memory=1Gi, 105",
        "a cpu=100m, i cpu=3, s cpu=20m, memory=1Gi, 3025",
    })
    void wholePods(String containers, String initial, String sidecars, String own, long milli) throws Exception {
        assertThat(new RequestedResource("cpu").ofPod(pod(containers, initial, sidecars, own)))
                .isEqualTo(milli);
    }

    @ParameterizedTest
    @CsvSource({
        "a cpu=100m; b, , missing request for cpu in container b of Pod p",
        "a; b, memory=1Gi, missing pod-level request for cpu in Pod p",
    })
    void whatIsMissing(String containers, String own, String message) {
        assertThatThrownBy(() -> new RequestedResource("cpu").ofPod(pod(containers, null, null, own)))
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({"a, 100", "s, 20"})
    void oneContainer(String name, long milli) throws Exception {
        // The pod's own request says nothing of one container.
        Pod pod = pod("a cpu=100m; b", "i cpu=3", "s cpu=20m", "cpu=7");
        assertThat(new RequestedResource("cpu").ofContainer(pod, name)).isEqualTo(milli);
    }

    @ParameterizedTest
    @CsvSource({
        "b, missing request for cpu in container b of Pod p",
        "i, container i not found in Pod p",
        "x, container x not found in Pod p",
    })
    void containersThatDontSay(String name, String message) {
        Pod pod = pod("a cpu=100m; b", "i cpu=3", "s cpu=20m", null);
        assertThatThrownBy(() -> new RequestedResource("cpu").ofContainer(pod, name))
                .hasMessage(message);
    }
}
