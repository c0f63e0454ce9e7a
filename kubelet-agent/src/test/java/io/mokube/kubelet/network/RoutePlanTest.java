package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.mokube.machinery.address.Cidr;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoutePlanTest {

    private static final Cidr CLUSTER = range("10.244.0.0/16");
    private static final List<RoutePlan.Link> LINKS = List.of(
            new RoutePlan.Link("lo", "127.0.0.1", range("127.0.0.0/8")),
            new RoutePlan.Link("eth0", "192.0.2.10", range("192.0.2.10/24")),
            new RoutePlan.Link("mokube0", "10.244.1.1", range("10.244.1.1/24")));

    private static Cidr range(String text) {
        return Cidr.parse(text).orElseThrow();
    }

    private static final Cidr CLUSTER_6 = range("fd00:10:244::/48");

    private static final List<RoutePlan.Link> LINKS_6 = List.of(
            new RoutePlan.Link("lo", "::1", range("::1/128")),
            new RoutePlan.Link("eth0", "2001:db8::10", range("2001:db8::10/64")),
            new RoutePlan.Link("mokube0", "fd00:10:244:1::1", range("fd00:10:244:1::1/64")));

    /** A node with an address and a range of each family. */
    private static Node dual(String name, String address, String second, String... podCidrs) {
        return new NodeBuilder(node(name, address, podCidrs[0]))
                .editSpec()
                .withPodCIDRs(podCidrs)
                .endSpec()
                .editStatus()
                .addNewAddress()
                .withType("InternalIP")
                .withAddress(second)
                .endAddress()
                .endStatus()
                .build();
    }

    private static Node node(String name, String address, String podCidr) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withPodCIDR(podCidr)
                .withPodCIDRs(podCidr)
                .endSpec()
                .withNewStatus()
                .addNewAddress()
                .withType("Hostname")
                .withAddress(name)
                .endAddress()
                .addNewAddress()
                .withType("InternalIP")
                .withAddress(address)
                .endAddress()
                .endStatus()
                .build();
    }

    @Test
    void nodesOnTheSameNetworkAreReachedDirectlyAndOthersThroughATunnel() {
        List<Node> nodes = List.of(
                node("c", "198.51.100.7", "10.244.3.0/24"),
                node("a", "192.0.2.10", "10.244.1.0/24"),
                node("b", "192.0.2.11", "10.244.2.0/24"));
        assertThat(RoutePlan.of(nodes, CLUSTER, LINKS))
                .containsExactly(
                        new NodeRoute.Direct(range("10.244.2.0/24"), "192.0.2.11"),
                        new NodeRoute.Tunnel(range("10.244.3.0/24"), "198.51.100.7"));
    }

    /** Whichever family a node names first, each has its own way: one may be near by the one and far by the other. */
    @Test
    void eachFamilyHasRoutesOfItsOwn() {
        List<Node> nodes = List.of(
                dual("a", "192.0.2.10", "2001:db8::10", "10.244.1.0/24", "fd00:10:244:1::/64"),
                dual("b", "192.0.2.11", "2001:DB8:0::11", "10.244.2.0/24", "fd00:10:244:2::/64"),
                dual("c", "2001:db8:1::12", "192.0.2.12", "fd00:10:244:3::/64", "10.244.3.0/24"),
                node("only-4", "192.0.2.13", "10.244.4.0/24"),
                dual("only-pods", "192.0.2.14", "192.0.2.15", "10.244.5.0/24", "fd00:10:244:5::/64"));
        assertThat(RoutePlan.of(nodes, CLUSTER_6, LINKS_6))
                .containsExactly(
                        new NodeRoute.Direct(range("fd00:10:244:2::/64"), "2001:db8::11"),
                        new NodeRoute.Tunnel(range("fd00:10:244:3::/64"), "2001:db8:1::12"));
        assertThat(RoutePlan.of(nodes, CLUSTER, LINKS))
                .containsExactly(
                        new NodeRoute.Direct(range("10.244.2.0/24"), "192.0.2.11"),
                        new NodeRoute.Direct(range("10.244.3.0/24"), "192.0.2.12"),
                        new NodeRoute.Direct(range("10.244.4.0/24"), "192.0.2.13"),
                        new NodeRoute.Direct(range("10.244.5.0/24"), "192.0.2.14"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"::/0", "fd00:10:245:1::/64", "fd00:10::/32", "10.244.2.0/24"})
    void theSameHoldsForIpv6(String podCidr) {
        assertThat(RoutePlan.of(
                        List.of(dual("b", "192.0.2.11", "2001:db8::11", "192.0.2.0/24", podCidr)), CLUSTER_6, LINKS_6))
                .isEmpty();
    }

    @Test
    void nodesOnOneMachineNeedNoRoutes() {
        assertThat(RoutePlan.of(
                        List.of(node("a", "127.0.0.1", "10.244.1.0/24"), node("b", "10.244.1.1", "10.244.2.0/24")),
                        CLUSTER,
                        LINKS))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0/0", "192.0.2.0/24", "10.0.0.0/8", "10.244.300.0/24", "fd00::/64", "", "nonsense"})
    void whatIsNoPartOfTheClusterIsIgnored(String podCidr) {
        assertThat(RoutePlan.of(List.of(node("b", "192.0.2.11", podCidr)), CLUSTER, LINKS))
                .isEmpty();
    }

    @Test
    void theFirstOfTwoNodesKeepsTheirAddresses() {
        assertThat(RoutePlan.of(
                        List.of(node("c", "192.0.2.12", "10.244.2.0/24"), node("b", "192.0.2.11", "10.244.2.0/24")),
                        CLUSTER,
                        LINKS))
                .containsExactly(new NodeRoute.Direct(range("10.244.2.0/24"), "192.0.2.11"));
    }

    @Test
    void aNodeWithoutAddressWaits() {
        Node bare = new NodeBuilder()
                .withNewMetadata()
                .withName("new")
                .endMetadata()
                .withNewSpec()
                .withPodCIDR("10.244.9.0/24")
                .endSpec()
                .build();
        assertThat(RoutePlan.of(List.of(bare), CLUSTER, LINKS)).isEmpty();
    }

    @Test
    void endsOfTunnelsHaveAddressesThatFollowFromTheirPods() {
        NodeRoute.Tunnel tunnel = new NodeRoute.Tunnel(range("10.244.3.0/24"), "198.51.100.7");
        assertThat(tunnel.end()).isEqualTo("10.244.3.0");
        assertThat(tunnel.hardwareAddress()).isEqualTo("0a:4d:0a:f4:03:00");
        NodeRoute.Tunnel six = new NodeRoute.Tunnel(range("fd00:10:244:3::/64"), "2001:db8:1::12");
        assertThat(six.end()).isEqualTo("fd00:10:244:3::");
        assertThat(six.hardwareAddress())
                .matches("0a:4d(:[0-9a-f]{2}){4}")
                .isNotEqualTo(new NodeRoute.Tunnel(range("fd00:10:244:4::/64"), "2001:db8:1::12").hardwareAddress());
    }
}
