package io.mokube.controllermanager.controllers.endpointslice;

import static io.mokube.controllermanager.controllers.services.Services.node;
import static io.mokube.controllermanager.controllers.services.Services.notReady;
import static io.mokube.controllermanager.controllers.services.Services.pod;
import static io.mokube.controllermanager.controllers.services.Services.port;
import static io.mokube.controllermanager.controllers.services.Services.service;
import static io.mokube.controllermanager.controllers.services.Services.withPort;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.endpointslice.SliceDecision.Notice;
import io.mokube.controllermanager.controllers.endpointslice.SliceDecision.Plan;
import io.mokube.controllermanager.controllers.services.Services;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SliceDecisionTest {

    private static final List<Node> ONE_NODE = List.of(node("node-1", "east", "4"));

    private final SliceModel cluster = new SliceModel();
    private List<Node> nodes = ONE_NODE;
    private boolean hinted;
    private Plan last = new Plan(new SliceChanges(List.of(), List.of(), List.of()), List.of(), false);

    @Test
    void aPodBecomesAnEndpoint() {
        run(service(port("http", 80, 8080)), pod("a", "10.0.0.1"));
        EndpointSlice slice = only();
        assertThat(slice.getAddressType()).isEqualTo("IPv4");
        assertThat(slice.getMetadata().getLabels())
                .isEqualTo(Map.of(
                        "team", "red",
                        "kubernetes.io/service-name", "web",
                        "endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"));
        assertThat(slice.getMetadata().getAnnotations())
                .isEqualTo(Map.of("endpoints.kubernetes.io/last-change-trigger-time", "2026-01-01T12:00:00Z"));
        assertThat(slice.getMetadata().getOwnerReferences()).singleElement().satisfies(owner -> {
            assertThat(owner.getKind()).isEqualTo("Service");
            assertThat(owner.getName()).isEqualTo("web");
            assertThat(owner.getController()).isTrue();
            assertThat(owner.getBlockOwnerDeletion()).isTrue();
        });
        assertThat(slice.getPorts()).singleElement().satisfies(port -> {
            assertThat(port.getName()).isEqualTo("http");
            assertThat(port.getPort()).isEqualTo(8080);
            assertThat(port.getProtocol()).isEqualTo("TCP");
        });
        assertThat(slice.getEndpoints()).singleElement().satisfies(endpoint -> {
            assertThat(endpoint.getAddresses()).containsExactly("10.0.0.1");
            assertThat(endpoint.getNodeName()).isEqualTo("node-1");
            assertThat(endpoint.getZone()).isEqualTo("east");
            assertThat(endpoint.getHostname()).isNull();
            assertThat(endpoint.getHints()).isNull();
            assertThat(endpoint.getTargetRef().getKind()).isEqualTo("Pod");
            assertThat(endpoint.getTargetRef().getName()).isEqualTo("a");
            assertThat(endpoint.getTargetRef().getUid()).isEqualTo("uid-a");
        });
    }

    @Test
    void conditionsTellWhatAPodIsGoodFor() {
        Pod going = Pods.deleting(pod("going", "10.0.0.3"), Services.THEN);
        run(service(), pod("ready", "10.0.0.1"), notReady("waiting", "10.0.0.2"), going);
        assertThat(conditions())
                .containsExactly(
                        "going ready=false serving=true terminating=true",
                        "ready ready=true serving=true terminating=false",
                        "waiting ready=false serving=false terminating=false");

        run(
                spec(spec -> spec.setPublishNotReadyAddresses(true)),
                pod("ready", "10.0.0.1"),
                notReady("waiting", "10.0.0.2"),
                going);
        assertThat(conditions())
                .containsExactly(
                        "going ready=true serving=true terminating=true",
                        "ready ready=true serving=true terminating=false",
                        "waiting ready=true serving=false terminating=false");
    }

    @Test
    void podsThatEndedOrHaveNoAddressOrNoNodeAreLeftOut() {
        Pod lost = Pods.onNode(pod("lost", "10.0.0.4"), "gone");
        run(service(), Pods.finished(pod("done", "10.0.0.2"), "Succeeded"), pod("fresh"), lost, pod("a", "10.0.0.1"));
        assertThat(names()).containsExactly("a");
        run(spec(spec -> spec.setPublishNotReadyAddresses(true)), lost, pod("a", "10.0.0.1"));
        assertThat(names()).containsExactly("a", "lost");
    }

    @Test
    void podsWithOtherNumbersForAPortAreInOtherSlices() {
        run(
                service(port("http", 80, "web"), port("admin", 81, 9000)),
                withPort(pod("a", "10.0.0.1"), "web", 8080),
                withPort(pod("b", "10.0.0.2"), "web", 8081),
                withPort(pod("c", "10.0.0.3"), "web", 8080),
                pod("d", "10.0.0.4"));
        assertThat(cluster.slices())
                .extracting(
                        slice -> slice.getPorts().stream()
                                        .map(port -> port.getName() + ":" + port.getPort())
                                        .toList() + " " + names(slice))
                .containsExactlyInAnyOrder(
                        "[admin:9000, http:8080] [a, c]", "[admin:9000, http:8081] [b]", "[admin:9000] [d]");
    }

    @Test
    void aServiceOfBothFamiliesHasSlicesOfBoth() {
        run(
                spec(spec -> spec.setIpFamilies(List.of("IPv6", "IPv4"))),
                pod("a", "10.0.0.1", "fd00::1"),
                pod("b", "10.0.0.2"));
        assertThat(cluster.slices())
                .extracting(slice -> slice.getAddressType() + " "
                        + slice.getEndpoints().stream()
                                .flatMap(endpoint -> endpoint.getAddresses().stream())
                                .toList())
                .containsExactlyInAnyOrder("IPv4 [10.0.0.1, 10.0.0.2]", "IPv6 [fd00::1]");
        run(service(), pod("a", "10.0.0.1", "fd00::1"));
        assertThat(only().getAddressType()).isEqualTo("IPv4");
    }

    @Test
    void headlessServicesTellHostnames() {
        Service headless = spec(spec -> spec.setClusterIP("None"));
        run(
                headless,
                Services.named(pod("a", "10.0.0.1"), "zero", "web"),
                Services.named(pod("b", "10.0.0.2"), "one", "other"));
        assertThat(only().getEndpoints()).extracting(Endpoint::getHostname).containsExactly("zero", null);
        assertThat(only().getMetadata().getLabels()).containsEntry("service.kubernetes.io/headless", "");
        assertThat(only().getPorts()).isEmpty();
        run(service());
        assertThat(only().getMetadata().getLabels()).doesNotContainKey("service.kubernetes.io/headless");
    }

    @Test
    void aServiceWithoutPodsHasAnEmptySliceThatBecomesTheFirst() {
        run(service(port("", 80, 80)));
        String name = only().getMetadata().getName();
        assertThat(only().getEndpoints()).isEmpty();
        assertThat(only().getPorts()).isEmpty();
        run(service(port("", 80, 80)));
        assertThat(cluster.lastWrites()).isZero();

        run(service(port("", 80, 80)), pod("a", "10.0.0.1"));
        assertThat(only().getMetadata().getName()).isEqualTo(name);
        assertThat(names()).containsExactly("a");
        run(service(port("", 80, 80)));
        assertThat(only().getMetadata().getName()).isEqualTo(name);
        assertThat(only().getEndpoints()).isEmpty();
    }

    @Test
    void changedPortsChangeTheSliceAndMakeNoOther() {
        run(service(port("", 80, 80)), pod("a", "10.0.0.1"));
        String name = only().getMetadata().getName();
        run(service(port("", 80, 8080)), pod("a", "10.0.0.1"));
        assertThat(only().getMetadata().getName()).isEqualTo(name);
        assertThat(only().getPorts().getFirst().getPort()).isEqualTo(8080);
        assertThat(cluster.lastWrites()).isEqualTo(1);
    }

    @Test
    void labelsFollowTheServices() {
        run(service(), pod("a", "10.0.0.1"));
        Service relabelled = new ServiceBuilder(service())
                .editMetadata()
                .withLabels(Map.of("team", "blue", "endpointslice.kubernetes.io/managed-by", "me"))
                .endMetadata()
                .build();
        run(relabelled, pod("a", "10.0.0.1"));
        assertThat(only().getMetadata().getLabels())
                .containsEntry("team", "blue")
                .containsEntry("endpointslice.kubernetes.io/managed-by", SliceDecision.MANAGER);
        run(relabelled, pod("a", "10.0.0.1"));
        assertThat(cluster.lastWrites()).isZero();
    }

    @Test
    void aNamesakesSlicesAreReplaced() {
        run(service(), pod("a", "10.0.0.1"));
        String before = only().getMetadata().getName();
        Service again = new ServiceBuilder(service())
                .editMetadata()
                .withUid("another")
                .endMetadata()
                .build();
        run(again, pod("a", "10.0.0.1"));
        assertThat(only().getMetadata().getName()).isNotEqualTo(before);
        assertThat(only().getMetadata().getOwnerReferences().getFirst().getUid())
                .isEqualTo("another");
    }

    @Test
    void aSliceThatIsGoingIsReplaced() {
        run(service(), pod("a", "10.0.0.1"));
        EndpointSlice going = new EndpointSliceBuilder(only())
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T12:00:00Z")
                .endMetadata()
                .build();
        Plan plan = SliceDecision.plan(
                service(), List.of(pod("a", "10.0.0.1")), nodes(), List.of(going), Optional.empty(), false);
        assertThat(plan.changes().create()).hasSize(1);
        assertThat(plan.changes().update()).isEmpty();
        assertThat(plan.changes().delete()).isEmpty();
    }

    @Test
    void closeTrafficIsHintedToTheOwnZoneOrNode() {
        nodes = List.of(node("node-1", "east", "4"), node("node-2", "", "4"));
        Pod[] pods = {
            pod("a", "10.0.0.1"), notReady("b", "10.0.0.2"), Pods.onNode(pod("c", "10.0.0.3"), "node-2"),
        };
        for (String name : List.of("PreferClose", "PreferSameZone")) {
            run(spec(spec -> spec.setTrafficDistribution(name)), pods);
            assertThat(hints()).containsExactly("a [east] []", "b [] []", "c [] []");
        }
        run(spec(spec -> spec.setTrafficDistribution("PreferSameNode")), pods);
        assertThat(hints()).containsExactly("a [east] [node-1]", "b [] []", "c [] [node-2]");
        run(service(), pods);
        assertThat(hints()).containsExactly("a [] []", "b [] []", "c [] []");
    }

    @Test
    void hintsByZoneSizeComeAndGoWithEvents() {
        nodes = List.of(node("node-1", "east", "4"), node("node-2", "west", "4"));
        Service service = annotated(service(), "Auto");
        Pod[] pods = {pod("a", "10.0.0.1"), Pods.onNode(pod("b", "10.0.0.2"), "node-2")};
        run(service, pods);
        assertThat(hints()).containsExactly("a [east] []", "b [west] []");
        assertThat(last.notices())
                .containsExactly(new Notice(
                        false,
                        "TopologyAwareHintsEnabled",
                        "Topology Aware Hints has been enabled, addressType: IPv4"));
        run(service, pods);
        assertThat(last.notices()).isEmpty();
        assertThat(cluster.lastWrites()).isZero();

        run(service, pods[0]);
        assertThat(hints()).containsExactly("a [] []");
        assertThat(last.notices())
                .containsExactly(new Notice(
                        true,
                        "TopologyAwareHintsDisabled",
                        "Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4"));
        run(service, pods);
        run(service(), pods);
        assertThat(hints()).containsExactly("a [] []", "b [] []");
        assertThat(last.notices())
                .containsExactly(new Notice(
                        true,
                        "TopologyAwareHintsDisabled",
                        "Topology Aware Hints has been disabled, addressType: IPv4"));
    }

    // -----------------------------------------------------------------------------------------------------------

    private void run(Service service, Pod... pods) {
        last = SliceDecision.plan(
                service, List.of(pods), nodes(), cluster.slices(), Optional.of(Services.THEN), hinted);
        hinted = last.hinted();
        cluster.apply(last.changes());
    }

    private SliceDecision.Cluster nodes() {
        return new SliceDecision.Cluster(
                name -> nodes.stream()
                        .filter(node -> node.getMetadata().getName().equals(name))
                        .findFirst(),
                () -> ZoneHints.shares(nodes));
    }

    private EndpointSlice only() {
        assertThat(cluster.slices()).hasSize(1);
        return cluster.slices().getFirst();
    }

    private List<String> names() {
        return names(only());
    }

    private static List<String> names(EndpointSlice slice) {
        return slice.getEndpoints().stream()
                .map(endpoint -> endpoint.getTargetRef().getName())
                .sorted()
                .toList();
    }

    private List<String> conditions() {
        List<String> lines = new ArrayList<>();
        for (Endpoint endpoint : only().getEndpoints()) {
            lines.add(endpoint.getTargetRef().getName() + " ready="
                    + endpoint.getConditions().getReady() + " serving="
                    + endpoint.getConditions().getServing() + " terminating="
                    + endpoint.getConditions().getTerminating());
        }
        return lines.stream().sorted().toList();
    }

    private List<String> hints() {
        return cluster.slices().stream()
                .flatMap(slice -> slice.getEndpoints().stream())
                .map(endpoint -> endpoint.getTargetRef().getName() + " " + EndpointFacts.hintedZones(endpoint) + " "
                        + (endpoint.getHints() == null
                                ? List.of()
                                : endpoint.getHints().getForNodes().stream()
                                        .map(hint -> hint.getName())
                                        .toList()))
                .sorted()
                .toList();
    }

    private static Service annotated(Service service, String mode) {
        return new ServiceBuilder(service)
                .editMetadata()
                .addToAnnotations("service.kubernetes.io/topology-mode", mode)
                .endMetadata()
                .build();
    }

    private static Service spec(Consumer<ServiceSpec> change) {
        Service service = service();
        change.accept(service.getSpec());
        return service;
    }
}
