package io.mokube.proxy.apply;

import static io.mokube.proxy.TestServices.HERE;
import static io.mokube.proxy.TestServices.local;
import static io.mokube.proxy.TestServices.remote;
import static io.mokube.proxy.TestServices.service;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.apply.nftables.NftablesApplier;
import io.mokube.proxy.compile.RuleCompiler;
import io.mokube.proxy.compile.RuleSet;
import io.mokube.proxy.model.Endpoint;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real packets through rules in a kernel. */
class NftablesApplierTest {

    private static final String TABLE = "mokube-test";
    private static final String SERVICE = "172.30.0.1";
    private static final String SERVICE_6 = "fd99::1";
    private static final Endpoint POD_1 = local("10.60.1.2", NetworkLab.POD_PORT);
    private static final Endpoint POD_2 = local("10.60.1.3", NetworkLab.POD_PORT);
    private static final Endpoint AWAY = remote("10.60.2.2", NetworkLab.POD_PORT);
    private static final Endpoint POD_1_6 = local("fd60:1::2", NetworkLab.POD_PORT);
    private static final Endpoint AWAY_6 = remote("fd60:2::2", NetworkLab.POD_PORT);

    /** So many connections reach each of two endpoints, but for once in a million times. */
    private static final int MANY = 20;

    private static NetworkLab lab;

    private NftablesApplier applier;
    private @Nullable RuleSet applied;

    @BeforeAll
    static void buildLab() {
        lab = NetworkLab.start();
    }

    @AfterAll
    static void removeLab() {
        if (lab != null) {
            lab.close();
        }
    }

    @BeforeEach
    void clean() {
        applier = new NftablesApplier(TABLE, Optional.of(lab.namespace("node")));
        applier.remove();
        applier.prepareHost();
        lab.in("node", "conntrack", "-F");
        applied = null;
    }

    private void apply(ServiceFacts... services) {
        apply(HERE, services);
    }

    private void apply(Placement placement, ServiceFacts... services) {
        RuleSet rules = RuleCompiler.compile(List.of(services), placement);
        applier.apply(applied, rules);
        applied = rules;
    }

    /** Who answers many connections, and from which address of the client. */
    private static Set<String> answers(String from, String address, int port) {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < MANY; i++) {
            answers.add(lab.tcp(from, address, port));
        }
        return answers;
    }

    @Test
    void aClusterIpLeadsToEveryEndpointAndKeepsPodsAddresses() {
        apply(service("web", SERVICE, SERVICE_6)
                .port(80, POD_1, AWAY, POD_1_6, AWAY_6)
                .build());
        assertThat(answers("pod-2", SERVICE, 80)).containsExactlyInAnyOrder("pod-1 10.60.1.3", "away 10.60.1.3");
        assertThat(answers("pod-2", SERVICE_6, 80)).containsExactlyInAnyOrder("pod-1 fd60:1::3", "away fd60:1::3");
        assertThat(answers("node", SERVICE, 80)).hasSize(2);
        assertThat(answers("client", SERVICE, 80))
                .as("masqueraded")
                .containsExactlyInAnyOrder("pod-1 10.60.1.1", "away 10.60.2.1");
        assertThat(answers("client", SERVICE_6, 80)).hasSize(2).doesNotContain("pod-1 fd77::2");
    }

    @Test
    void aPodReachesItselfThroughAService() {
        apply(service("web", SERVICE, SERVICE_6).port(80, POD_1, POD_1_6).build());
        assertThat(lab.tcp("pod-1", SERVICE, 80)).isEqualTo("pod-1 10.60.1.1");
        assertThat(lab.tcp("pod-1", SERVICE_6, 80)).isEqualTo("pod-1 fd60:1::1");
    }

    @Test
    void whatNothingServesIsRefusedAtOnce() {
        apply(
                service("empty", SERVICE, SERVICE_6)
                        .port(80)
                        .port(Protocol.UDP, 53, 0)
                        .build(),
                service("web", "172.30.0.2").port(80, POD_1).build());
        for (String from : List.of("pod-2", "node", "client")) {
            assertThat(lab.tcp(from, SERVICE, 80)).as(from).isEqualTo("refused");
            assertThat(lab.tcp(from, SERVICE_6, 80)).as(from).isEqualTo("refused");
            // The node's own processes are told by the call that sends.
            assertThat(lab.udp(from, SERVICE, 53, 0)).as(from).isNotEqualTo("timeout");
            assertThat(lab.tcp(from, "172.30.0.2", 81))
                    .as("no such port, from " + from)
                    .isEqualTo("refused");
        }
        assertThat(lab.tcp("pod-2", "172.30.0.2", 80)).isEqualTo("pod-1 10.60.1.3");
    }

    @Test
    void nodePortsAnswerOnTheNodesAddressesOnly() {
        apply(service("web", SERVICE, SERVICE_6)
                .nodePort(80, 30080, POD_1, POD_1_6)
                .build());
        assertThat(lab.tcp("client", "192.168.77.1", 30080)).isEqualTo("pod-1 10.60.1.1");
        assertThat(lab.tcp("client", "fd77::1", 30080)).isEqualTo("pod-1 fd60:1::1");
        assertThat(lab.tcp("node", "192.168.77.1", 30080)).startsWith("pod-1 ");
        assertThat(lab.tcp("pod-2", "192.168.77.1", 30080)).isEqualTo("pod-1 10.60.1.1");
        assertThat(lab.tcp("away", "10.60.2.1", 30080))
                .as("an address that is not the node's")
                .isEqualTo("refused");
    }

    @Test
    void localPoliciesKeepClientsAddressesAndStayOnTheNode() {
        apply(
                service("web", SERVICE)
                        .nodePort(80, 30080, POD_1, AWAY)
                        .externalLocal()
                        .build(),
                service("elsewhere", "172.30.0.2")
                        .nodePort(80, 30081, AWAY)
                        .externalLocal()
                        .build(),
                service("inside", "172.30.0.3")
                        .port(80, POD_1, AWAY)
                        .internalLocal()
                        .build(),
                service("inside-elsewhere", "172.30.0.4")
                        .port(80, AWAY)
                        .internalLocal()
                        .build());
        assertThat(answers("client", "192.168.77.1", 30080)).containsExactly("pod-1 192.168.77.2");
        assertThat(lab.tcp("client", "192.168.77.1", 30081)).isEqualTo("timeout");
        assertThat(lab.tcp("pod-2", "192.168.77.1", 30081))
                .as("inside the cluster")
                .isEqualTo("away 10.60.1.3");
        assertThat(answers("pod-2", "172.30.0.3", 80)).containsExactly("pod-1 10.60.1.3");
        assertThat(lab.tcp("pod-2", "172.30.0.4", 80)).isEqualTo("timeout");
    }

    @Test
    void sourceRangesGuardTheLoadBalancersAddress() {
        apply(
                service("open", SERVICE)
                        .port(80, POD_1)
                        .loadBalancerIps("203.0.113.1")
                        .sourceRanges("192.168.77.0/30", "192.168.0.0/16")
                        .build(),
                service("closed", "172.30.0.2")
                        .port(80, POD_1)
                        .loadBalancerIps("203.0.113.2")
                        .externalIps("203.0.113.3")
                        .sourceRanges("192.168.78.0/24")
                        .build());
        assertThat(lab.tcp("client", "203.0.113.1", 80)).isEqualTo("pod-1 10.60.1.1");
        assertThat(lab.tcp("client", "203.0.113.2", 80)).isEqualTo("timeout");
        assertThat(lab.tcp("client", "203.0.113.3", 80)).isEqualTo("pod-1 10.60.1.1");
        assertThat(lab.tcp("client", "172.30.0.2", 80)).isEqualTo("pod-1 10.60.1.1");
    }

    @Test
    void aClientStaysWithItsEndpointUntilThatIsGone() {
        ServiceFacts both = sticky(POD_1, AWAY, POD_1_6, AWAY_6);
        apply(both);
        String first = lab.tcp("pod-2", SERVICE, 80);
        assertThat(answers("pod-2", SERVICE, 80)).containsExactly(first);
        assertThat(answers("pod-2", SERVICE_6, 80)).hasSize(1);
        applied = null; // a restart
        apply(both);
        assertThat(answers("pod-2", SERVICE, 80)).as("after a restart").containsExactly(first);
        boolean onPod = first.startsWith("pod-1");
        apply(sticky(onPod ? AWAY : POD_1));
        String other = onPod ? "away 10.60.1.3" : "pod-1 10.60.1.3";
        assertThat(answers("pod-2", SERVICE, 80)).containsExactly(other);
        apply(both);
        assertThat(answers("pod-2", SERVICE, 80)).as("the new one remembers").containsExactly(other);
        assertThat(answers("client", "192.168.77.1", 30080)).hasSize(1);
    }

    private static ServiceFacts sticky(Endpoint... endpoints) {
        return service("web", SERVICE, SERVICE_6)
                .nodePort(80, 30080, endpoints)
                .affinity(Duration.ofMinutes(10))
                .build();
    }

    @Test
    void establishedConnectionsOutliveRestartsAndEndpointsThatCome() {
        apply(service("web", SERVICE).port(80, POD_1).build());
        assertThat(lab.ask("pod-2", "open c " + SERVICE + " 80")).isEqualTo("pod-1 10.60.1.3");
        apply(service("web", SERVICE).port(80, AWAY).build());
        assertThat(lab.ask("pod-2", "say c one")).isEqualTo("pod-1 one");
        assertThat(lab.tcp("pod-2", SERVICE, 80)).as("new ones go elsewhere").isEqualTo("away 10.60.1.3");
        applied = null; // a restart
        apply(service("web", SERVICE).port(80).build());
        assertThat(lab.ask("pod-2", "say c two")).isEqualTo("pod-1 two");
        assertThat(lab.tcp("pod-2", SERVICE, 80)).isEqualTo("refused");
        lab.ask("pod-2", "say c bye");
    }

    @Test
    void aRestartLeavesNothingStale() {
        apply(
                service("web", SERVICE, SERVICE_6)
                        .nodePort(80, 30080, POD_1, AWAY, POD_1_6)
                        .build(),
                service("gone", "172.30.0.2")
                        .port(80, POD_2)
                        .affinity(Duration.ofHours(1))
                        .build());
        applied = null;
        apply(service("web", SERVICE).port(80, AWAY).build());
        String kept = rules();
        applier.remove();
        applied = null;
        apply(service("web", SERVICE).port(80, AWAY).build());
        assertThat(kept).isEqualTo(rules());
        assertThat(answers("pod-2", SERVICE, 80)).containsExactly("away 10.60.1.3");
    }

    /** Both tables, without the handles that the kernel counts. */
    private static String rules() {
        return lab.in("node", "nft", "-s", "list", "table", "ip", TABLE)
                        .lines()
                        .sorted()
                        .toList()
                + lab.in("node", "nft", "-s", "list", "table", "ip6", TABLE)
                        .lines()
                        .sorted()
                        .toList()
                        .toString();
    }

    @Test
    void udpClientsMoveOnWhenTheirEndpointGoes() {
        apply(udp(POD_1));
        assertThat(lab.udp("pod-2", SERVICE, 53, 5353)).isEqualTo("pod-1 10.60.1.3");
        apply(udp(AWAY));
        applier.endStaleConnections(Objects.requireNonNull(applied));
        assertThat(lab.udp("pod-2", SERVICE, 53, 5353)).isEqualTo("away 10.60.1.3");
        assertThat(lab.udp("client", "192.168.77.1", 30053, 5353)).isEqualTo("away 10.60.2.1");
    }

    private static ServiceFacts udp(Endpoint... endpoints) {
        return service("dns", SERVICE).port(Protocol.UDP, 53, 30053, endpoints).build();
    }

    @Test
    void rulesThatSomebodyRemovedAreMissed() {
        apply(service("web", SERVICE).port(80, POD_1).build());
        assertThat(applier.isInPlace()).isTrue();
        lab.in("node", "nft", "flush", "ruleset");
        assertThat(applier.isInPlace()).isFalse();
        applied = null;
        apply(service("web", SERVICE).port(80, POD_1).build());
        assertThat(lab.tcp("pod-2", SERVICE, 80)).isEqualTo("pod-1 10.60.1.3");
    }

    @Test
    void aTableOfAnotherLayoutIsReplaced() {
        lab.in("node", "nft", "add table ip " + TABLE + "; add set ip " + TABLE + " old { type ipv4_addr; }");
        apply(service("web", SERVICE).port(80, POD_1).build());
        assertThat(lab.tcp("pod-2", SERVICE, 80)).isEqualTo("pod-1 10.60.1.3");
        assertThat(rules()).doesNotContain("set old");
    }

    @Test
    void onASharedHostOtherClustersPacketsAreLeftAlone() {
        Placement shared = new Placement(HERE.node(), HERE.clusterCidrs(), true);
        apply(shared, service("web", SERVICE).nodePort(80, 30080, POD_1).build());
        assertThat(lab.tcp("pod-2", SERVICE, 80)).isEqualTo("pod-1 10.60.1.3");
        assertThat(lab.tcp("node", SERVICE, 80)).startsWith("pod-1 ");
        assertThat(lab.tcp("client", SERVICE, 80))
                .isNotEqualTo("pod-1 10.60.1.1")
                .doesNotStartWith("pod-1");
        assertThat(lab.tcp("client", "192.168.77.1", 30080)).isEqualTo("pod-1 10.60.1.1");
    }

    @Test
    void theMachinesAddressesAreThoseOfItsNamespace() {
        assertThat(applier.addresses())
                .contains(IpAddress.of("192.168.77.1"), IpAddress.of("fd77::1"), IpAddress.of("10.60.1.1"))
                .doesNotContain(IpAddress.of("127.0.0.1"));
    }
}
