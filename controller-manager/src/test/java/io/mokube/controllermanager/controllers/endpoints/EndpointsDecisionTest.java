package io.mokube.controllermanager.controllers.endpoints;

import static io.mokube.controllermanager.controllers.services.Services.notReady;
import static io.mokube.controllermanager.controllers.services.Services.pod;
import static io.mokube.controllermanager.controllers.services.Services.port;
import static io.mokube.controllermanager.controllers.services.Services.service;
import static io.mokube.controllermanager.controllers.services.Services.withPort;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.services.Services;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EndpointsDecisionTest {

    @Test
    void podsAreReadyOrNotReadyAddresses() {
        Endpoints endpoints = written(
                service(port("http", 80, 8080)),
                pod("a", "10.0.0.2"),
                pod("b", "10.0.0.1"),
                notReady("c", "10.0.0.3"),
                Pods.deleting(pod("going", "10.0.0.4"), Services.THEN));
        assertThat(describe(endpoints)).containsExactly("[10.0.0.1, 10.0.0.2] [10.0.0.3] [http:8080]");
        EndpointAddress first = endpoints.getSubsets().getFirst().getAddresses().getFirst();
        assertThat(first.getNodeName()).isEqualTo("node-1");
        assertThat(first.getTargetRef().getName()).isEqualTo("b");
        assertThat(endpoints.getMetadata().getLabels())
                .isEqualTo(Map.of("team", "red", "endpoints.kubernetes.io/managed-by", "endpoint-controller"));
        assertThat(endpoints.getMetadata().getAnnotations())
                .isEqualTo(Map.of("endpoints.kubernetes.io/last-change-trigger-time", "2026-01-01T12:00:00Z"));
    }

    @Test
    void portsThatTheSameAddressesOfferShareASubset() {
        Endpoints endpoints = written(
                service(port("http", 80, "web"), port("admin", 81, 9000)),
                withPort(pod("a", "10.0.0.1"), "web", 8080),
                withPort(pod("b", "10.0.0.2"), "web", 8080),
                pod("c", "10.0.0.3"));
        assertThat(describe(endpoints))
                .containsExactly(
                        "[10.0.0.1, 10.0.0.2, 10.0.0.3] [] [admin:9000]", "[10.0.0.1, 10.0.0.2] [] [http:8080]");
        assertThat(describe(written(
                        service(port("http", 80, 8080), port("admin", 81, 9000)),
                        pod("a", "10.0.0.1"),
                        pod("b", "10.0.0.2"))))
                .containsExactly("[10.0.0.1, 10.0.0.2] [] [admin:9000, http:8080]");
    }

    @Test
    void notReadyAddressesArePublishedWhenTheServiceWantsThat() {
        Service service = new ServiceBuilder(service(port("", 80, 80)))
                .editSpec()
                .withPublishNotReadyAddresses(true)
                .endSpec()
                .build();
        assertThat(describe(written(
                        service, notReady("a", "10.0.0.1"), Pods.deleting(pod("b", "10.0.0.2"), Services.THEN))))
                .containsExactly("[10.0.0.1, 10.0.0.2] [] [:80]");
    }

    @Test
    void aHeadlessServiceNeedsNoPortsAndTellsHostnames() {
        Service headless = new ServiceBuilder(service())
                .editSpec()
                .withClusterIP("None")
                .endSpec()
                .build();
        Endpoints endpoints = written(headless, Services.named(pod("a", "10.0.0.1"), "zero", "web"));
        assertThat(describe(endpoints)).containsExactly("[10.0.0.1] [] []");
        assertThat(endpoints.getSubsets().getFirst().getAddresses().getFirst().getHostname())
                .isEqualTo("zero");
        assertThat(endpoints.getMetadata().getLabels()).containsEntry("service.kubernetes.io/headless", "");
    }

    @Test
    void nothingIsWrittenWhenNothingChanged() {
        Service service = service(port("", 80, 80));
        Endpoints present = written(service, pod("a", "10.0.0.1"));
        assertThat(EndpointsDecision.change(
                        service, List.of(pod("a", "10.0.0.1")), Optional.of(present), Optional.empty()))
                .isEmpty();
        Endpoints changed = EndpointsDecision.change(service, List.of(), Optional.of(present), Optional.empty())
                .orElseThrow();
        assertThat(changed.getSubsets()).isEmpty();
        assertThat(changed.getMetadata().getAnnotations()).isEmpty();
    }

    @Test
    void thereAreAtMostAThousandAddressesReadyOnesFirst() {
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < 1100; i++) {
            String ip = "10.0.%d.%d".formatted(i / 250, i % 250);
            Pod pod = i < 600 ? pod("p" + i, ip) : notReady("p" + i, ip);
            pods.add(i % 2 == 0 ? withPort(pod, "web", 8080) : withPort(pod, "web", 8081));
        }
        Service service = service(port("http", 80, "web"));
        Endpoints cut = EndpointsDecision.change(service, pods, Optional.empty(), Optional.empty())
                .orElseThrow();
        assertThat(cut.getSubsets()).allSatisfy(subset -> {
            assertThat(subset.getAddresses()).hasSize(300);
            assertThat(subset.getNotReadyAddresses()).hasSize(200);
        });
        assertThat(cut.getMetadata().getAnnotations())
                .containsEntry("endpoints.kubernetes.io/over-capacity", "truncated");
        assertThat(EndpointsDecision.change(service, pods, Optional.of(cut), Optional.empty()))
                .isEmpty();

        Endpoints small = EndpointsDecision.change(service, pods.subList(0, 1000), Optional.of(cut), Optional.empty())
                .orElseThrow();
        assertThat(small.getMetadata().getAnnotations()).doesNotContainKey("endpoints.kubernetes.io/over-capacity");
    }

    private static Endpoints written(Service service, Pod... pods) {
        return EndpointsDecision.change(service, List.of(pods), Optional.empty(), Optional.of(Services.THEN))
                .orElseThrow();
    }

    private static List<String> describe(Endpoints endpoints) {
        return endpoints.getSubsets().stream()
                .map(EndpointsDecisionTest::describe)
                .toList();
    }

    private static String describe(EndpointSubset subset) {
        return ips(subset.getAddresses()) + " " + ips(subset.getNotReadyAddresses()) + " "
                + subset.getPorts().stream()
                        .map(port -> port.getName() + ":" + port.getPort())
                        .toList();
    }

    private static List<String> ips(List<EndpointAddress> addresses) {
        return addresses.stream().map(EndpointAddress::getIp).toList();
    }
}
