package io.mokube.proxy.policy.compile;

import static io.mokube.proxy.policy.TestPolicies.labels;
import static io.mokube.proxy.policy.TestPolicies.naming;
import static io.mokube.proxy.policy.TestPolicies.pod;
import static io.mokube.proxy.policy.TestPolicies.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.Family;
import io.mokube.proxy.model.Nft;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.policy.TestPolicies;
import io.mokube.proxy.policy.model.ClusterFacts;
import io.mokube.proxy.policy.model.PodFacts;
import io.mokube.proxy.policy.model.PolicyFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What policies like those of Kubernetes' documentation become, as files to look at; {@code -Dgolden.update=true} writes
 * them anew. What is there for every policy is in the first alone.
 */
class GoldenPoliciesTest {

    private static final Path FOLDER = Path.of("src/test/resources/golden/policies");
    private static final Map<String, Map<String, String>> NAMESPACES =
            Map.of("default", Map.of(), "other", labels("project=myproject"), "kube-system", labels("dns=yes"));
    private static final List<PodFacts> PODS = List.of(
            naming(pod("default", "db-0", "role=db", "here", "10.60.1.2", "fd60:1::2"), Protocol.TCP, "sql", 6379),
            naming(pod("default", "db-1", "role=db", "here", "10.60.1.3"), Protocol.TCP, "sql", 6380),
            pod("default", "web-0", "role=frontend", "here", "10.60.1.4"),
            pod("default", "web-1", "role=frontend", "there", "10.60.2.4", "fd60:2::4"),
            pod("other", "front", "role=frontend", "there", "10.60.2.5"),
            pod("kube-system", "dns", "k8s-app=kube-dns", "there", "10.60.2.6"));

    static Stream<Arguments> features() {
        return Stream.of(
                feature("deny-all", "'podSelector': {}, 'policyTypes': ['Ingress', 'Egress']"),
                feature("allow-all-ingress", "'podSelector': {}, 'ingress': [{}]"),
                feature("allow-from-pods", """
                        'podSelector': {'matchLabels': {'role': 'db'}},
                        'ingress': [{'from': [{'podSelector': {'matchLabels': {'role': 'frontend'}}}],
                                     'ports': [{'port': 6379}]}]"""),
                feature("allow-from-namespace", """
                        'podSelector': {'matchLabels': {'role': 'db'}},
                        'ingress': [{'from': [{'namespaceSelector': {'matchLabels': {'project': 'myproject'}}}]}]"""),
                feature("either-or-both", """
                        'podSelector': {'matchLabels': {'role': 'db'}},
                        'ingress': [{'from': [{'namespaceSelector': {}, 'podSelector': {'matchLabels': {'role': 'frontend'}}},
                                              {'ipBlock': {'cidr': '172.17.0.0/16', 'except': ['172.17.1.0/24']}}],
                                     'ports': [{'protocol': 'TCP', 'port': 6379}]}]"""),
                feature("egress-ranges", """
                        'podSelector': {'matchLabels': {'role': 'db'}}, 'policyTypes': ['Egress'],
                        'egress': [{'to': [{'ipBlock': {'cidr': '10.0.0.0/24'}}],
                                    'ports': [{'protocol': 'TCP', 'port': 32000, 'endPort': 32768}]}]"""),
                feature("egress-to-dns-only", """
                        'podSelector': {}, 'policyTypes': ['Egress'],
                        'egress': [{'to': [{'namespaceSelector': {'matchLabels': {'dns': 'yes'}},
                                            'podSelector': {'matchLabels': {'k8s-app': 'kube-dns'}}}],
                                    'ports': [{'protocol': 'UDP', 'port': 53}, {'port': 53}]}]"""),
                feature("blocks-of-both-families-that-overlap", """
                        'podSelector': {'matchLabels': {'role': 'db'}},
                        'ingress': [{'from': [{'ipBlock': {'cidr': '0.0.0.0/0'}}, {'ipBlock': {'cidr': '::/0'}}],
                                     'ports': [{'port': 80}]},
                                    {'from': [{'ipBlock': {'cidr': '10.0.0.0/8', 'except': ['10.60.0.0/16']}},
                                              {'ipBlock': {'cidr': 'fd60::/16'}}],
                                     'ports': [{'protocol': 'SCTP', 'port': 9000}, {'protocol': 'UDP'}]}]"""),
                feature("named-ports", """
                        'podSelector': {'matchLabels': {'role': 'db'}}, 'policyTypes': ['Ingress', 'Egress'],
                        'ingress': [{'ports': [{'port': 'sql'}]}], 'egress': [{'ports': [{'port': 'sql'}]}]"""),
                Arguments.of(
                        "two-policies",
                        List.of(policy("default", "deny", "'podSelector': {}"), policy("default", "sql", """
                                        'podSelector': {'matchLabels': {'role': 'db'}},
                                        'ingress': [{'ports': [{'port': 6379}]}]"""))));
    }

    private static Arguments feature(String name, String spec) {
        return Arguments.of(name, List.of(policy("default", name, spec)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("features")
    void policiesMakeTheseRules(String name, List<PolicyFacts> policies) throws IOException {
        ClusterFacts facts = TestPolicies.cluster(NAMESPACES, PODS, policies);
        String rules = text(PolicyCompiler.compile(facts, null), name.equals("deny-all"));
        Path file = FOLDER.resolve(name + ".nft");
        if (Boolean.getBoolean("golden.update")) {
            Files.createDirectories(FOLDER);
            Files.writeString(file, rules);
        }
        assertThat(rules).isEqualTo(Files.readString(file));
    }

    private static String text(PolicyRuleSet rules, boolean frame) {
        StringBuilder text = new StringBuilder();
        for (Family family : Family.values()) {
            PolicyTable table = rules.table(family).orElseThrow();
            text.append("table ").append(Nft.family(family)).append(" {\n");
            new TreeMap<>(table.chains()).forEach((name, chain) -> {
                if (frame || !chain.forwards()) {
                    text.append("  chain ").append(name).append('\n');
                    chain.steps()
                            .forEach(step -> text.append("    ")
                                    .append(step.text(family))
                                    .append('\n'));
                }
            });
            new TreeMap<>(table.containers()).forEach((name, container) -> {
                boolean ofEvery = List.of(Container.KNOWN, Container.GUARDED, Container.LINKS)
                        .contains(name);
                if (!container.elements().isEmpty() && (frame || !ofEvery)) {
                    text.append("  ")
                            .append(container.kind().nftName())
                            .append(' ')
                            .append(name)
                            .append('\n');
                    TreeSet<String> elements = new TreeSet<>();
                    container.elements().forEach((key, verdict) -> elements.add(key.text() + " " + verdict.text()));
                    elements.forEach(
                            each -> text.append("    ").append(each.strip()).append('\n'));
                }
            });
            text.append("}\n");
        }
        return text.toString();
    }
}
