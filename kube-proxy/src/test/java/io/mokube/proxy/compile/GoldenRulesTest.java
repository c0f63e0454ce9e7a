package io.mokube.proxy.compile;

import static io.mokube.proxy.TestServices.HERE;
import static io.mokube.proxy.TestServices.local;
import static io.mokube.proxy.TestServices.remote;
import static io.mokube.proxy.TestServices.service;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.Family;
import io.mokube.proxy.TestServices;
import io.mokube.proxy.model.Endpoint;
import io.mokube.proxy.model.Nft;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What rules each feature makes, in files to be read. {@code -Dgolden.update=true} writes them anew. The frame is in the
 * first alone.
 */
class GoldenRulesTest {

    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final Endpoint HERE_1 = local("10.60.1.2", 8080);
    private static final Endpoint HERE_1_6 = local("fd60:1::2", 8080);
    private static final Endpoint THERE = remote("10.60.2.2", 8080);

    static Stream<Arguments> features() {
        return Stream.of(
                feature("nothing"),
                feature("cluster-ip", service("web", "172.30.0.1", "fd99::1").port(80, HERE_1, THERE, HERE_1_6)),
                feature("no-endpoints", service("web", "172.30.0.1").nodePort(80, 30080)),
                feature("node-port", service("web", "172.30.0.1", "fd99::1").nodePort(80, 30080, HERE_1, THERE)),
                feature(
                        "node-port-local",
                        service("web", "172.30.0.1")
                                .nodePort(80, 30080, HERE_1, THERE)
                                .externalLocal()),
                feature(
                        "internal-local",
                        service("web", "172.30.0.1").port(80, HERE_1, THERE).internalLocal(),
                        service("far", "172.30.0.2").port(80, THERE).internalLocal()),
                feature(
                        "load-balancer",
                        service("web", "172.30.0.1")
                                .port(80, HERE_1)
                                .loadBalancerIps("203.0.113.1")
                                .sourceRanges("198.51.100.0/24", "192.168.77.0/24")
                                .externalIps("203.0.113.9")),
                feature(
                        "affinity",
                        service("web", "172.30.0.1", "fd99::1")
                                .nodePort(80, 30080, HERE_1, THERE, HERE_1_6)
                                .affinity(Duration.ofHours(3))
                                .externalLocal()),
                feature(
                        "udp-and-sctp",
                        service("web", "172.30.0.1")
                                .port(Protocol.UDP, 53, 0, HERE_1)
                                .port(Protocol.SCTP, 53, 0, HERE_1)));
    }

    private static Arguments feature(String name, TestServices.Builder... services) {
        return Arguments.of(
                name, Stream.of(services).map(TestServices.Builder::build).toList());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("features")
    void featuresMakeTheseRules(String name, List<ServiceFacts> services) throws IOException {
        String rules = text(services, HERE, name.equals("nothing"));
        Path file = FOLDER.resolve(name + ".nft");
        if (Boolean.getBoolean("golden.update")) {
            Files.createDirectories(FOLDER);
            Files.writeString(file, rules);
        }
        assertThat(rules).isEqualTo(Files.readString(file));
    }

    private static String text(List<ServiceFacts> services, Placement placement, boolean frame) {
        RuleSet empty = RuleCompiler.compile(List.of(), placement);
        RuleSet rules = RuleCompiler.compile(services, placement);
        StringBuilder text = new StringBuilder();
        for (Family family : Family.values()) {
            Contents table = rules.table(family);
            text.append("table ").append(Nft.family(family)).append(" {\n");
            new TreeSet<>(table.affinitySets())
                    .forEach(set -> text.append("  set ").append(set).append('\n'));
            new TreeMap<>(table.chains()).forEach((name, chain) -> {
                if (frame || !empty.table(family).chains().containsKey(name)) {
                    text.append("  chain ").append(name).append('\n');
                    Chain it = chain.orElseThrow();
                    it.hook()
                            .ifPresent(hook ->
                                    text.append("    ").append(hook.text()).append('\n'));
                    it.rules()
                            .forEach(rule -> text.append("    ")
                                    .append(rule.text(family))
                                    .append('\n'));
                }
            });
            Map<Container, TreeSet<String>> elements = new TreeMap<>();
            table.elements()
                    .forEach((slot, value) -> elements.computeIfAbsent(slot.container(), any -> new TreeSet<>())
                            .add(slot.key().text() + value.text()));
            elements.forEach((container, all) -> {
                text.append("  ")
                        .append(container.kind())
                        .append(' ')
                        .append(container.nftName())
                        .append('\n');
                all.forEach(each -> text.append("    ").append(each).append('\n'));
            });
            text.append("}\n");
        }
        return text.toString();
    }
}
