package io.mokube.proxy.policy.model;

import static io.mokube.proxy.policy.TestPolicies.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.policy.model.PolicyFacts.Allowance;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What policies and pods say. */
class PolicyReaderTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'podSelector': {} | INGRESS",
                "'podSelector': {}, 'egress': [{}] | INGRESS EGRESS",
                "'podSelector': {}, 'egress': [{}], 'policyTypes': ['Ingress'] | INGRESS",
                "'podSelector': {}, 'ingress': [{}], 'policyTypes': ['Egress'] | EGRESS",
                "'podSelector': {}, 'policyTypes': ['Egress', 'Ingress'] | INGRESS EGRESS",
            })
    void theTypesOrElseTheRulesSayWhatIsIsolated(String spec, String directions) {
        assertThat(policy("a", "p", spec).rules().keySet().stream().map(Direction::name))
                .containsExactlyInAnyOrder(directions.split(" "));
    }

    @Test
    void portsAndPeersHaveTheirDefaults() {
        Allowance rule = policy("a", "p", """
                        'ingress': [{'ports': [{}, {'port': 80}, {'protocol': 'UDP', 'port': 1, 'endPort': 9}, {'port': 'http'}],
                                     'from': [{'podSelector': {}}, {'namespaceSelector': {}},
                                              {'ipBlock': {'cidr': '10.1.2.3/8', 'except': ['10.9.0.0/16']}}]}]""").allowed(Direction.INGRESS).getFirst();
        assertThat(rule.ports())
                .containsExactly(
                        new PortRule.Numbers(Protocol.TCP, 0, 65535),
                        new PortRule.Numbers(Protocol.TCP, 80, 80),
                        new PortRule.Numbers(Protocol.UDP, 1, 9),
                        new PortRule.Named(new NamedPort(Protocol.TCP, "http")));
        AlikePods.Shape home = new AlikePods.Shape("a", Map.of());
        AlikePods.Shape other = new AlikePods.Shape("b", Map.of());
        assertThat(rule.peers().get(0)).isInstanceOfSatisfying(Peer.Pods.class, pods -> {
            assertThat(pods.matches("a", home, Map.of())).isTrue();
            assertThat(pods.matches("a", other, Map.of())).isFalse();
        });
        assertThat(rule.peers().get(1))
                .isInstanceOfSatisfying(
                        Peer.Pods.class,
                        pods -> assertThat(pods.matches("a", other, Map.of())).isTrue());
        assertThat(rule.peers().get(2))
                .isEqualTo(new Peer.Block(Cidr.of("10.0.0.0/8"), List.of(Cidr.of("10.9.0.0/16"))));
    }

    @Test
    void whatCanNotBeReadAllowsNothing() {
        Allowance rule = policy("a", "p", """
                        'ingress': [{'ports': [{'protocol': 'ICMP'}], 'from': [{'ipBlock': {'cidr': 'any'}}]}]""").allowed(Direction.INGRESS).getFirst();
        assertThat(rule.ports()).isNotEmpty().allMatch(PortRule.Named.class::isInstance);
    }

    private static Optional<PodFacts> pod(String spec, String status) {
        return PolicyReader.read(
                Json.MAPPER.readValue("""
                {'metadata': {'namespace': 'a', 'name': 'p'}, 'spec': {%s}, 'status': {%s}}""".formatted(spec, status).replace('\'', '"'), Pod.class));
    }

    @Test
    void podsHaveAddressesAndNamedPorts() {
        PodFacts pod = pod("""
                        'nodeName': 'n',
                        'initContainers': [{'name': 'i', 'ports': [{'name': 'early', 'containerPort': 1}]},
                                           {'name': 's', 'restartPolicy': 'Always', 'ports': [{'name': 'side', 'containerPort': 2}]}],
                        'containers': [{'name': 'c', 'ports': [{'name': 'dns', 'protocol': 'UDP', 'containerPort': 53},
                                                               {'containerPort': 80}]}]""", "'podIP': '10.0.0.1', 'podIPs': [{'ip': '10.0.0.1'}, {'ip': 'fd00::1'}]")
                .orElseThrow();
        assertThat(pod.addresses()).isEqualTo(Set.of(IpAddress.of("10.0.0.1"), IpAddress.of("fd00::1")));
        assertThat(pod.ports())
                .isEqualTo(Map.of(new NamedPort(Protocol.UDP, "dns"), 53, new NamedPort(Protocol.TCP, "side"), 2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'nodeName': 'n' | 'phase': 'Running'",
                "'containers': [] | 'podIP': '10.0.0.1'",
                "'nodeName': 'n', 'hostNetwork': true | 'podIP': '10.0.0.1'",
                "'nodeName': 'n' | 'podIP': '10.0.0.1', 'phase': 'Succeeded'",
                "'nodeName': 'n' | 'podIP': '10.0.0.1', 'phase': 'Failed'",
            })
    void othersDoNotCount(String pod) {
        assertThat(pod(pod.split(" \\| ")[0], pod.split(" \\| ")[1])).isEmpty();
    }
}
