package io.mokube.controllermanager.controllers.endpointslice;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointAddressBuilder;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.EndpointSubsetBuilder;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.controllermanager.controllers.services.Services;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MirrorDecisionTest {

    private static final Service WITHOUT_SELECTOR = new ServiceBuilder(Services.service())
            .editSpec()
            .withSelector(null)
            .endSpec()
            .build();

    private final SliceModel cluster = new SliceModel();

    @Test
    void onlyEndpointsOfServicesWithoutSelectorAreMirroredUnlessTheySayNo() {
        Endpoints plain = endpoints();
        assertThat(MirrorDecision.isMirrored(plain, Optional.of(WITHOUT_SELECTOR)))
                .isTrue();
        assertThat(MirrorDecision.isMirrored(plain, Optional.of(Services.service())))
                .isFalse();
        assertThat(MirrorDecision.isMirrored(plain, Optional.empty())).isFalse();
        Endpoints skipped = new EndpointsBuilder(plain)
                .editMetadata()
                .addToLabels("endpointslice.kubernetes.io/skip-mirror", "true")
                .endMetadata()
                .build();
        assertThat(MirrorDecision.isMirrored(skipped, Optional.of(WITHOUT_SELECTOR)))
                .isFalse();
        Endpoints election = new EndpointsBuilder(plain)
                .editMetadata()
                .addToAnnotations("control-plane.alpha.kubernetes.io/leader", "{}")
                .endMetadata()
                .build();
        assertThat(MirrorDecision.isMirrored(election, Optional.of(WITHOUT_SELECTOR)))
                .isFalse();
    }

    @Test
    void eachSubsetBecomesASliceOfEachFamily() {
        run(endpoints(
                subset(80, List.of("10.0.0.1", "fd00::1"), List.of("10.0.0.2")),
                subset(81, List.of("10.0.0.3"), List.of())));
        assertThat(cluster.slices())
                .extracting(MirrorDecisionTest::describe)
                .containsExactlyInAnyOrder(
                        "IPv4 80 [10.0.0.1 true, 10.0.0.2 false]", "IPv6 80 [fd00::1 true]", "IPv4 81 [10.0.0.3 true]");
        assertThat(cluster.slices()).allSatisfy(slice -> {
            assertThat(slice.getMetadata().getLabels())
                    .isEqualTo(Map.of(
                            "own", "label",
                            "kubernetes.io/service-name", "web",
                            "endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io"));
            assertThat(slice.getMetadata().getAnnotations()).isEqualTo(Map.of("own", "annotation"));
            assertThat(slice.getMetadata().getOwnerReferences().getFirst().getKind())
                    .isEqualTo("Endpoints");
        });
    }

    @Test
    void slicesFollowTheirEndpoints() {
        run(endpoints(subset(80, List.of("10.0.0.1"), List.of()), subset(81, List.of("10.0.0.1"), List.of())));
        run(endpoints(subset(80, List.of("10.0.0.2"), List.of())));
        assertThat(cluster.slices())
                .extracting(MirrorDecisionTest::describe)
                .containsExactly("IPv4 80 [10.0.0.2 true]");
        run(endpoints(subset(80, List.of("10.0.0.2"), List.of())));
        assertThat(cluster.lastWrites()).isZero();
        run(endpoints());
        assertThat(cluster.slices()).isEmpty();
    }

    @Test
    void addressesThatAreNoneOrTooManyAreLeftOut() {
        List<String> many = Stream.concat(
                        Stream.of("nonsense"),
                        IntStream.range(0, 1003).mapToObj(i -> "10.0." + i / 250 + "." + i % 250))
                .toList();
        MirrorDecision.Plan plan = run(endpoints(subset(80, many, List.of("10.1.0.1"))));
        assertThat(plan.invalid()).isEqualTo(1);
        assertThat(plan.skipped()).isEqualTo(4);
        assertThat(cluster.slices().getFirst().getEndpoints()).hasSize(1000);
    }

    private MirrorDecision.Plan run(Endpoints endpoints) {
        MirrorDecision.Plan plan = MirrorDecision.plan(endpoints, cluster.slices());
        cluster.apply(plan.changes());
        return plan;
    }

    private static String describe(EndpointSlice slice) {
        return slice.getAddressType() + " " + slice.getPorts().getFirst().getPort() + " "
                + slice.getEndpoints().stream()
                        .map(endpoint -> endpoint.getAddresses().getFirst() + " "
                                + endpoint.getConditions().getReady())
                        .toList();
    }

    private static Endpoints endpoints(EndpointSubset... subsets) {
        return new EndpointsBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withUid("uid-of-endpoints")
                .addToLabels("own", "label")
                .addToAnnotations("own", "annotation")
                .addToAnnotations("endpoints.kubernetes.io/last-change-trigger-time", "2026-01-01T12:00:00Z")
                .addToAnnotations("kubectl.kubernetes.io/last-applied-configuration", "{}")
                .endMetadata()
                .withSubsets(subsets)
                .build();
    }

    private static EndpointSubset subset(int port, List<String> ready, List<String> notReady) {
        return new EndpointSubsetBuilder()
                .withAddresses(addresses(ready))
                .withNotReadyAddresses(addresses(notReady))
                .addNewPort()
                .withPort(port)
                .withProtocol("TCP")
                .endPort()
                .build();
    }

    private static List<EndpointAddress> addresses(List<String> ips) {
        return ips.stream()
                .map(ip -> new EndpointAddressBuilder().withIp(ip).build())
                .toList();
    }
}
