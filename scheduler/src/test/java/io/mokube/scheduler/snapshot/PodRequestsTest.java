package io.mokube.scheduler.snapshot;

import static io.mokube.scheduler.TestPods.quantities;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a pod takes: containers beside each other, init containers one after the other, sidecars throughout. */
class PodRequestsTest {

    private static final long MI = 1L << 20;

    static Stream<Arguments> cases() {
        return Stream.of(
                arguments(
                        "containers add up",
                        pod(of("a", "cpu=100m,memory=10Mi"), of("b", "cpu=200m,memory=20Mi")),
                        300,
                        30),
                arguments(
                        "the largest init container",
                        pod(of("a", "cpu=100m,memory=10Mi"))
                                .editSpec()
                                .addToInitContainers(of("i", "cpu=500m"), of("j", "memory=50Mi"))
                                .endSpec(),
                        500,
                        50),
                arguments(
                        "a smaller init container",
                        pod(of("a", "cpu=100m,memory=10Mi"))
                                .editSpec()
                                .addToInitContainers(of("i", "cpu=50m"))
                                .endSpec(),
                        100,
                        10),
                arguments(
                        "sidecars run beside the containers",
                        pod(of("a", "cpu=100m,memory=10Mi"))
                                .editSpec()
                                .addToInitContainers(sidecar("s", "cpu=30m,memory=5Mi"))
                                .endSpec(),
                        130,
                        15),
                arguments(
                        "and beside later init containers only",
                        pod(of("a", "cpu=100m,memory=10Mi"))
                                .editSpec()
                                .addToInitContainers(of("i", "cpu=500m"), sidecar("s", "cpu=30m"), of("j", "cpu=490m"))
                                .endSpec(),
                        520,
                        10),
                arguments(
                        "overhead",
                        pod(of("a", "cpu=100m,memory=10Mi"))
                                .editSpec()
                                .withOverhead(quantities("cpu=10m,memory=1Mi"))
                                .endSpec(),
                        110,
                        11),
                arguments(
                        "stated for the whole pod",
                        pod(of("a", "cpu=100m,memory=10Mi"))
                                .editSpec()
                                .withNewResources()
                                .withRequests(quantities("cpu=1"))
                                .endResources()
                                .endSpec(),
                        1000,
                        10),
                arguments(
                        "being resized down",
                        pod(of("a", "cpu=100m,memory=10Mi"))
                                .withNewStatus()
                                .addNewContainerStatus()
                                .withName("a")
                                .withAllocatedResources(quantities("cpu=400m,memory=5Mi"))
                                .endContainerStatus()
                                .endStatus(),
                        400,
                        10));
    }

    @ParameterizedTest(name = "{0}: {2}m {3}Mi")
    @MethodSource("cases")
    void sums(String what, PodBuilder pod, long milliCpu, long mebibytes) {
        Resources total = PodRequests.of(pod.build()).total();
        assertThat(total).as(what).isEqualTo(new Resources(milliCpu, mebibytes * MI, 0, Map.of()));
    }

    @Test
    void scoringGivesEachSilentContainerADefault() {
        PodRequests requests = PodRequests.of(
                pod(of("a", ""), of("b", "cpu=200m"), of("c", "cpu=0,memory=0")).build());
        assertThat(requests.total()).isEqualTo(new Resources(200, 0, 0, Map.of()));
        assertThat(requests.scoredMilliCpu()).isEqualTo(100 + 200);
        assertThat(requests.scoredMemory()).isEqualTo(2 * 200 * MI);
    }

    @Test
    void extendedResourcesAreCountedByName() {
        Resources total = PodRequests.of(pod(
                                of("a", "example.com/gpu=1,hugepages-2Mi=4Mi"),
                                of("b", "example.com/gpu=2,ephemeral-storage=1Ki"))
                        .build())
                .total();
        assertThat(total).isEqualTo(new Resources(0, 0, 1024, Map.of("example.com/gpu", 3L, "hugepages-2Mi", 4 * MI)));
    }

    private static PodBuilder pod(Container... containers) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .endMetadata()
                .withNewSpec()
                .withContainers(List.of(containers))
                .endSpec();
    }

    private static Container of(String name, String requests) {
        return container(name, requests, null);
    }

    private static Container sidecar(String name, String requests) {
        return container(name, requests, "Always");
    }

    private static Container container(String name, String requests, @Nullable String restartPolicy) {
        return new ContainerBuilder()
                .withName(name)
                .withRestartPolicy(restartPolicy)
                .withNewResources()
                .withRequests(quantities(requests))
                .endResources()
                .build();
    }
}
