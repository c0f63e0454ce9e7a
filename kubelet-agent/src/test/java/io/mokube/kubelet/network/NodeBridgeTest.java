package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.Cidr;
import org.junit.jupiter.api.Test;

class NodeBridgeTest {

    private static final NodeBridge BRIDGE = new NodeBridge("mk0");

    @Test
    void whatLeavesTheClusterGetsTheMachinesAddress() {
        assertThat(BRIDGE.rules(Cidr.of("10.244.1.0/24"), Cidr.of("10.244.0.0/16")))
                .startsWith("add table ip mokube-mk0\ndelete table ip mokube-mk0\n")
                .contains("ip saddr 10.244.1.0/24 ip daddr != { 10.244.0.0/16, 224.0.0.0/4 } counter masquerade");
    }

    @Test
    void eachFamilyHasATableOfItsOwn() {
        assertThat(BRIDGE.rules(Cidr.of("fd00:10:244:1::/64"), Cidr.of("fd00:10:244::/48")))
                .startsWith("add table ip6 mokube-mk0\ndelete table ip6 mokube-mk0\n")
                .contains("ip6 saddr fd00:10:244:1::/64 ip6 daddr != { fd00:10:244::/48, fe80::/10, ff00::/8 }"
                        + " counter masquerade");
    }

    @Test
    void theBridgeHasTheFirstAddress() {
        assertThat(NodeBridge.gateway(Cidr.of("10.244.1.0/24"))).isEqualTo("10.244.1.1");
        assertThat(NodeBridge.gateway(Cidr.of("fd00:10:244:1::/64"))).isEqualTo("fd00:10:244:1::1");
    }
}
