package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodHostsTest {

    private static Pod pod(@Nullable String hostname, @Nullable String subdomain, boolean full) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("web-0")
                .withNamespace("shop")
                .endMetadata()
                .withNewSpec()
                .withHostname(hostname)
                .withSubdomain(subdomain)
                .withSetHostnameAsFQDN(full)
                .endSpec()
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        ", , false, web-0",
        "db, , false, db",
        "db, sub, false, db",
        "db, sub, true, db.sub.shop.svc.cluster.local",
        ", sub, true, web-0.sub.shop.svc.cluster.local",
        "db, , true, db",
    })
    void theKernelsName(@Nullable String hostname, @Nullable String subdomain, boolean full, String name) {
        assertThat(PodHosts.kernelName(pod(hostname, subdomain, full), "cluster.local"))
                .isEqualTo(name);
    }

    @Test
    void aNameThatTheKernelHasNoRoomForIsRefused() {
        Pod pod = pod("h".repeat(40), "sub", true);
        assertThat(PodHosts.complaint(pod, "cluster.local").orElseThrow())
                .endsWith("is too long (64 characters is the max, 67 characters requested)");
        assertThat(PodHosts.complaint(pod("h".repeat(40), "sub", false), "cluster.local"))
                .isEmpty();
    }

    @Test
    void aPodKnowsItselfAndItsAliases() {
        Pod pod = pod("db", "sub", false)
                .edit()
                .editSpec()
                .addNewHostAlias()
                .withIp("192.0.2.9")
                .withHostnames("a.example", "b.example")
                .endHostAlias()
                .endSpec()
                .build();
        assertThat(PodHosts.file(pod, List.of("10.1.1.2", "fd00::2"), "k.test", ""))
                .isEqualTo("""
                # Kubernetes-managed hosts file.
                127.0.0.1\tlocalhost
                ::1\tlocalhost ip6-localhost ip6-loopback
                fe00::0\tip6-localnet
                fe00::0\tip6-mcastprefix
                fe00::1\tip6-allnodes
                fe00::2\tip6-allrouters
                10.1.1.2\tdb.sub.shop.svc.k.test\tdb
                fd00::2\tdb.sub.shop.svc.k.test\tdb

                # Entries added by HostAliases.
                192.0.2.9\ta.example\tb.example
                """);
    }

    @Test
    void aPodOnTheHostsNetworkHasTheHostsFile() {
        Pod pod = pod(null, null, false)
                .edit()
                .editSpec()
                .withHostNetwork(true)
                .endSpec()
                .build();
        assertThat(PodHosts.file(pod, List.of("192.0.2.1"), "cluster.local", "127.0.0.1 localhost\n"))
                .isEqualTo("# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n");
    }
}
