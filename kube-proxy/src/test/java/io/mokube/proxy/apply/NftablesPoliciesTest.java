package io.mokube.proxy.apply;

import static io.mokube.proxy.TestServices.HERE;
import static io.mokube.proxy.TestServices.local;
import static io.mokube.proxy.TestServices.service;
import static io.mokube.proxy.apply.NetworkLab.POD_PORT;
import static io.mokube.proxy.policy.TestPolicies.labels;
import static io.mokube.proxy.policy.TestPolicies.naming;
import static io.mokube.proxy.policy.TestPolicies.pod;
import static io.mokube.proxy.policy.TestPolicies.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.Cidr;
import io.mokube.proxy.apply.nftables.NftablesApplier;
import io.mokube.proxy.apply.nftables.NftablesPolicies;
import io.mokube.proxy.compile.RuleCompiler;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.policy.TestPolicies;
import io.mokube.proxy.policy.compile.PolicyCompiler;
import io.mokube.proxy.policy.compile.PolicyRuleSet;
import io.mokube.proxy.policy.model.PodFacts;
import io.mokube.proxy.policy.model.PolicyFacts;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real packets between pods on one bridge, and from and to elsewhere, through the rules of policies in a kernel. */
class NftablesPoliciesTest {

    private static final String TABLE = "mokube-test-policies";
    private static final String POD_1 = "10.60.1.2";
    private static final String POD_1_6 = "fd60:1::2";
    private static final String POD_2 = "10.60.1.3";
    private static final String POD_2_6 = "fd60:1::3";
    private static final String AWAY = "10.60.2.2";
    private static final String AWAY_6 = "fd60:2::2";
    private static final Map<String, Map<String, String>> NAMESPACES =
            Map.of("default", Map.of(), "other", labels("team=other"));
    private static final PodFacts WEB =
            naming(pod("default", "web", "app=web", "here", POD_1, POD_1_6), Protocol.TCP, "http", POD_PORT);
    private static final PodFacts CLIENT = pod("default", "client", "app=client", "here", POD_2, POD_2_6);
    private static final PodFacts FAR = pod("other", "far", "app=client", "there", AWAY, AWAY_6);

    private static NetworkLab lab;

    private NftablesPolicies kernel;
    private @Nullable PolicyRuleSet applied;

    @BeforeAll
    static void buildLab() {
        lab = NetworkLab.start();
        new NftablesApplier("mokube-test", Optional.of(lab.namespace("node"))).prepareHost();
    }

    @AfterAll
    static void removeLab() {
        if (lab != null) {
            lab.close();
        }
    }

    @BeforeEach
    void clean() {
        kernel = new NftablesPolicies(TABLE, Optional.of(lab.namespace("node")));
        lab.in("node", "nft", "flush", "ruleset");
        lab.in("node", "conntrack", "-F");
        applied = null;
    }

    private void apply(List<PodFacts> pods, PolicyFacts... policies) {
        PolicyRuleSet rules =
                PolicyCompiler.compile(TestPolicies.cluster(NAMESPACES, pods, List.of(policies)), applied);
        kernel.apply(applied, rules);
        applied = rules;
    }

    private void apply(PolicyFacts... policies) {
        apply(List.of(WEB, CLIENT, FAR), policies);
    }

    private static String reach(String from, String address) {
        return lab.tcp(from, address, POD_PORT).split(" ")[0];
    }

    @Test
    void whatNobodyAllowsIsDroppedButTheNodeAndAnswersPass() {
        apply(policy("default", "deny", "'podSelector': {'matchLabels': {'app': 'web'}}"));
        assertThat(reach("pod-2", POD_1)).as("a neighbour").isEqualTo("timeout");
        assertThat(reach("pod-2", POD_1_6)).as("a neighbour").isEqualTo("timeout");
        assertThat(reach("client", POD_1)).isEqualTo("timeout");
        assertThat(lab.udp("away", POD_1, POD_PORT, 0)).isEqualTo("timeout");
        assertThat(reach("node", POD_1)).as("a probe").isEqualTo("pod-1");
        assertThat(reach("node", POD_1_6)).as("a probe").isEqualTo("pod-1");
        for (String address : List.of(POD_2, POD_2_6, AWAY, AWAY_6)) {
            assertThat(reach("pod-1", address)).as("answers from " + address).isNotEqualTo("timeout");
        }
        assertThat(reach("away", POD_2)).as("a pod without a policy").isEqualTo("pod-2");
        apply();
        assertThat(reach("pod-2", POD_1)).as("without policies").isEqualTo("pod-1");
        assertThat(lab.in("node", "nft", "list", "tables")).doesNotContain(TABLE);
    }

    @Test
    void labelsOfPodsAndNamespacesAndPortsLetIn() {
        apply(policy("default", "deny", "'podSelector': {}"), policy("default", "allow", """
                'podSelector': {'matchLabels': {'app': 'web'}},
                'ingress': [{'from': [{'podSelector': {'matchLabels': {'app': 'client'}}}], 'ports': [{'port': 'http'}]}]"""));
        assertThat(reach("pod-2", POD_1)).isEqualTo("pod-1");
        assertThat(reach("pod-2", POD_1_6)).isEqualTo("pod-1");
        assertThat(lab.udp("pod-2", POD_1, POD_PORT, 0)).as("another protocol").isEqualTo("timeout");
        assertThat(reach("away", POD_1)).as("of another namespace").isEqualTo("timeout");

        apply(policy("default", "deny", "'podSelector': {}"), policy("default", "allow", """
                'podSelector': {'matchLabels': {'app': 'web'}},
                'ingress': [{'from': [{'namespaceSelector': {'matchLabels': {'team': 'other'}}}],
                             'ports': [{'port': 8000, 'endPort': 8100}, {'protocol': 'UDP', 'port': 8080}]}]"""));
        assertThat(reach("away", POD_1)).isEqualTo("pod-1");
        assertThat(reach("away", POD_1_6)).isEqualTo("pod-1");
        assertThat(lab.udp("away", POD_1, POD_PORT, 0)).startsWith("pod-1");
        assertThat(reach("pod-2", POD_1_6)).isEqualTo("timeout");
    }

    @Test
    void blocksLetInAndOut() {
        apply(policy("default", "blocks", """
                'podSelector': {'matchLabels': {'app': 'web'}}, 'policyTypes': ['Ingress', 'Egress'],
                'ingress': [{'from': [{'ipBlock': {'cidr': '0.0.0.0/0', 'except': ['10.60.2.0/24']}}]}],
                'egress': [{'to': [{'ipBlock': {'cidr': 'fd60::/16', 'except': ['fd60:1::/64']}}]}]"""));
        assertThat(reach("client", POD_1)).isEqualTo("pod-1");
        assertThat(reach("pod-2", POD_1)).isEqualTo("pod-1");
        assertThat(reach("away", POD_1)).isEqualTo("timeout");
        assertThat(reach("client", POD_1_6)).isEqualTo("timeout");
        assertThat(reach("pod-1", AWAY_6)).isEqualTo("away");
        assertThat(reach("pod-1", POD_2_6)).isEqualTo("timeout");
    }

    @Test
    void connectionsThatBeganGoOnAndRulesChangeInPlace() {
        apply(policy("default", "allow", "'podSelector': {}, 'ingress': [{'ports': [{'port': 8080}]}]"));
        assertThat(lab.ask("pod-2", "open c " + POD_1 + " " + POD_PORT)).startsWith("pod-1");
        apply(policy("default", "allow", "'podSelector': {}, 'ingress': [{'ports': [{'port': 8081}]}]"));
        assertThat(reach("pod-2", POD_1)).isEqualTo("timeout");
        assertThat(lab.ask("pod-2", "say c one")).isEqualTo("pod-1 one");
        // Of an unknown state, as after a restart.
        applied = null;
        apply(policy("default", "allow", "'podSelector': {}, 'ingress': [{'ports': [{'port': 8080}]}]"));
        assertThat(reach("pod-2", POD_1)).isEqualTo("pod-1");
        assertThat(kernel.isInPlace(Objects.requireNonNull(applied))).isTrue();
        lab.in("node", "nft", "delete", "table", "ip6", TABLE);
        assertThat(kernel.isInPlace(Objects.requireNonNull(applied))).isFalse();
    }

    @Test
    void aPodIsNotReachedBeforeItIsKnown() {
        PolicyFacts deny = policy("other", "deny", "'podSelector': {}");
        apply(List.of(CLIENT, FAR), deny);
        assertThat(reach("pod-2", POD_1)).as("a pod that nobody told of yet").isEqualTo("timeout");
        assertThat(reach("pod-1", AWAY)).as("its own connections").isEqualTo("timeout");
        assertThat(reach("node", POD_1)).as("a probe").isEqualTo("pod-1");
        apply(List.of(WEB, CLIENT, FAR), deny);
        assertThat(reach("pod-2", POD_1)).isEqualTo("pod-1");
        assertThat(reach("pod-1", AWAY)).isEqualTo("away");
    }

    @Test
    void policiesLookAtThePodBehindAService() {
        NftablesApplier services = new NftablesApplier("mokube-test", Optional.of(lab.namespace("node")));
        services.apply(
                null,
                RuleCompiler.compile(
                        List.of(service("web", "172.30.0.1")
                                .port(80, local(POD_1, POD_PORT))
                                .build()),
                        HERE));
        apply(policy("default", "allow", """
                'podSelector': {}, 'ingress': [{'from': [{'podSelector': {'matchLabels': {'app': 'client'}}}],
                                                'ports': [{'port': 8080}]}]"""));
        assertThat(lab.tcp("pod-2", "172.30.0.1", 80)).startsWith("pod-1");
        assertThat(lab.tcp("pod-1", "172.30.0.1", 80)).as("itself").startsWith("pod-1");
        assertThat(lab.tcp("away", "172.30.0.1", 80)).isEqualTo("timeout");
        apply(policy("default", "allow", """
                'podSelector': {}, 'ingress': [{'from': [{'podSelector': {'matchLabels': {'app': 'client'}}}],
                                                'ports': [{'port': 80}]}]"""));
        assertThat(lab.tcp("pod-2", "172.30.0.1", 80))
                .as("the service's own port")
                .isEqualTo("timeout");
    }

    @Test
    void addressesOfTheLinkAreNoWayAround() {
        String linkLocal = lab.in("pod-1", "ip", "-6", "-br", "address", "show", "eth0")
                .replaceAll("(?s).*(fe80:[0-9a-f:]+)/64.*", "$1");
        assertThat(reach("pod-2", linkLocal + "%eth0")).isEqualTo("pod-1");
        apply(policy("default", "deny", "'podSelector': {}"));
        assertThat(reach("pod-2", linkLocal + "%eth0")).isEqualTo("timeout");
        assertThat(kernel.links(List.of(Cidr.of("10.60.1.0/24")))).containsExactly("bridge");
    }

    @Test
    void namesAreThoseOfTheListeningPod() {
        apply(policy("default", "out", """
                'podSelector': {'matchLabels': {'app': 'client'}}, 'policyTypes': ['Egress'],
                'egress': [{'ports': [{'port': 'http'}]}]"""));
        assertThat(reach("pod-2", POD_1)).isEqualTo("pod-1");
        assertThat(reach("pod-2", AWAY)).as("does not name it").isEqualTo("timeout");
    }
}
