package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodDNSConfig;
import io.fabric8.kubernetes.api.model.PodDNSConfigBuilder;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.runtime.SandboxConfig;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodDnsTest {

    private static final HostResolver HOST = HostResolver.parse("""
            # made by hand
            nameserver 192.0.2.1
            nameserver 192.0.2.2
            search ignored.example.com
            search corp.example.com example.com.
            options timeout:1
            options ndots:2 rotate
            """);

    private static final KubeletConfig.Dns CLUSTER = new KubeletConfig.Dns(List.of("10.96.0.10"), "cluster.local");

    private static final String CLUSTER_SEARCHES =
            "shop.svc.cluster.local svc.cluster.local cluster.local corp.example.com example.com";

    private static Pod pod(@Nullable String policy, boolean hostNetwork, @Nullable PodDNSConfig config) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("web")
                .withNamespace("shop")
                .endMetadata()
                .withNewSpec()
                .withDnsPolicy(policy)
                .withHostNetwork(hostNetwork)
                .withDnsConfig(config)
                .endSpec()
                .build();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                                    | false | 10.96.0.10          | cluster | ndots:5
            ClusterFirst            | false | 10.96.0.10          | cluster | ndots:5
            ClusterFirst            | true  | 192.0.2.1 192.0.2.2 | host    | ndots:2 rotate
            ClusterFirstWithHostNet | true  | 10.96.0.10          | cluster | ndots:5
            ClusterFirstWithHostNet | false | 10.96.0.10          | cluster | ndots:5
            Default                 | false | 192.0.2.1 192.0.2.2 | host    | ndots:2 rotate
            None                    | false |                     | none    |
            """)
    void followsThePolicy(
            @Nullable String policy,
            boolean hostNetwork,
            @Nullable String servers,
            String searches,
            @Nullable String options) {
        SandboxConfig.Dns dns =
                PodDns.of(pod(policy, hostNetwork, null), CLUSTER, HOST).dns();
        assertThat(String.join(" ", dns.servers())).isEqualTo(servers == null ? "" : servers);
        assertThat(String.join(" ", dns.searches()))
                .isEqualTo(
                        switch (searches) {
                            case "cluster" -> CLUSTER_SEARCHES;
                            case "host" -> "corp.example.com example.com";
                            default -> "";
                        });
        assertThat(String.join(" ", dns.options())).isEqualTo(options == null ? "" : options);
    }

    @Test
    void thePodsOwnWishesAreAddedAndItsOptionsWin() {
        PodDNSConfig own = new PodDNSConfigBuilder()
                .withNameservers("10.96.0.10", "198.51.100.1")
                .withSearches("own.example.com", "cluster.local")
                .addNewOption("ndots", "1")
                .addNewOption("edns0", null)
                .build();
        PodDns made = PodDns.of(pod("ClusterFirst", false, own), CLUSTER, HOST);
        assertThat(made.dns().servers()).containsExactly("10.96.0.10", "198.51.100.1");
        assertThat(String.join(" ", made.dns().searches())).isEqualTo(CLUSTER_SEARCHES + " own.example.com");
        assertThat(made.dns().options()).containsExactly("ndots:1", "edns0");
        assertThat(made.warnings()).isEmpty();
    }

    @Test
    void withoutClusterServersPodsGetTheHosts() {
        assertThat(PodDns.of(pod("ClusterFirst", false, null), KubeletConfig.Dns.HOST, HOST)
                        .dns()
                        .servers())
                .containsExactly("192.0.2.1", "192.0.2.2");
    }

    @Test
    void whatIsTooMuchIsLeftOutAndSaid() {
        PodDNSConfig own = new PodDNSConfigBuilder()
                .withNameservers("198.51.100.1", "198.51.100.2", "198.51.100.3")
                .withSearches(IntStream.range(0, 40)
                        .mapToObj(i -> "d" + i + ".example")
                        .toList())
                .build();
        PodDns made = PodDns.of(pod("ClusterFirst", false, own), CLUSTER, HOST);
        assertThat(made.dns().servers()).containsExactly("10.96.0.10", "198.51.100.1", "198.51.100.2");
        assertThat(made.dns().searches()).hasSize(32).endsWith("d26.example");
        assertThat(made.warnings())
                .satisfiesExactly(
                        first -> assertThat(first)
                                .isEqualTo("Nameserver limits were exceeded, some nameservers have been omitted, the"
                                        + " applied nameserver line is: 10.96.0.10 198.51.100.1 198.51.100.2"),
                        second -> assertThat(second)
                                .startsWith("Search Line limits were exceeded, some search paths have been omitted"));
    }

    @Test
    void searchesAreNoLongerThanResolversRead() {
        String long250 = "a".repeat(62) + "." + "b".repeat(62) + "." + "c".repeat(62) + "." + "d".repeat(61);
        List<String> many =
                IntStream.range(0, 10).mapToObj(i -> i + long250.substring(1)).toList();
        PodDNSConfig own = new PodDNSConfigBuilder()
                .withNameservers("198.51.100.1")
                .addAllToSearches(many)
                .addToSearches("e".repeat(254))
                .build();
        PodDns made = PodDns.of(pod("None", false, own), CLUSTER, HOST);
        assertThat(String.join(" ", made.dns().searches())).hasSizeBetween(1800, 2048);
        assertThat(made.warnings()).hasSize(1);
    }
}
