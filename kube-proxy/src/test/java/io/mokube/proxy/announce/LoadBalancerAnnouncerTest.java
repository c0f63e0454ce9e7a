package io.mokube.proxy.announce;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.PatchKind;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.apply.NetworkLab;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Addresses of load balancers move with their owners: in values, and between two machines on one link. */
class LoadBalancerAnnouncerTest {

    private static final List<IpAddress> ADDRESSES = IntStream.range(0, 200)
            .mapToObj(each -> IpAddress.of("192.0.2." + each))
            .toList();

    @Test
    void onlyAddressesOfANodeThatGoesMove() {
        Map<String, Integer> shares = new HashMap<>();
        for (IpAddress address : ADDRESSES) {
            String owner =
                    Owners.of(address, List.of("node-1", "node-2", "node-3")).orElseThrow();
            assertThat(Owners.of(address, List.of("node-3", "node-2", "node-1")))
                    .contains(owner);
            if (!owner.equals("node-2")) {
                assertThat(Owners.of(address, List.of("node-1", "node-3"))).contains(owner);
            }
            shares.merge(owner, 1, Integer::sum);
        }
        assertThat(shares.values()).hasSize(3).allMatch(share -> share > 30);
        assertThat(Owners.of(ADDRESSES.getFirst(), List.of())).isEmpty();
    }

    @Test
    void onlyReadyNodesThatMayAndHaveEndpointsAreCandidates() {
        List<Node> nodes = List.of(
                node("ready", "True", "plain"),
                node("silent", "Unknown", "plain"),
                node("excluded", "True", "node.kubernetes.io/exclude-from-external-load-balancers"),
                node("empty", "True", "plain"));
        Service service = read(Service.class, """
                {"metadata": {"name": "web"}, "spec": {"type": "LoadBalancer"}}""");
        EndpointSlice slice = read(EndpointSlice.class, """
                {"metadata": {"name": "web-1"}, "addressType": "IPv4", "endpoints": [
                  {"addresses": ["10.0.0.1"], "nodeName": "ready", "conditions": {"ready": true}},
                  {"addresses": ["10.0.0.2"], "nodeName": "empty", "conditions": {"ready": false}}]}""");
        assertThat(Owners.candidates(service, List.of(slice), nodes)).containsExactly("empty", "ready");
        service.getSpec().setExternalTrafficPolicy("Local");
        assertThat(Owners.candidates(service, List.of(slice), nodes)).containsExactly("ready");
    }

    @Test
    void anAddressMovesWhenItsNodeIsLost(@TempDir Path folder) {
        try (NetworkLab lab = NetworkLab.start()) {
            ApiServer server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
            server.start();
            ClientConfig rights =
                    ClientConfig.fromKubeconfig(server.certificates().kubeconfig("kube-proxy"));
            // The namespace of the client outside stands for a second machine on the node's link.
            Map<String, LoadBalancerAnnouncer> speakers = Map.of(
                    "node", speaker(rights, "node-1", lab.namespace("node")),
                    "client", speaker(rights, "node-2", lab.namespace("client")));
            try (ApiClient client =
                    new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system())) {
                for (String name : List.of("node-1", "node-2")) {
                    client.resource(Node.class).create(node(name, "False", "plain"));
                    setReady(client, name, "True");
                }
                client.resource(Service.class).create(read(Service.class, """
                        {"metadata": {"name": "web", "namespace": "default"},
                         "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}"""));
                client.resource(Service.class)
                        .patch(new ObjectKey("default", "web"), PatchKind.MERGE, Json.MAPPER.readTree("""
                                        {"status": {"loadBalancer": {"ingress": [
                                          {"ip": "192.168.77.50", "ipMode": "VIP"}, {"ip": "fd77::50"}]}}}"""), "status");
                speakers.values().forEach(LoadBalancerAnnouncer::start);
                for (String address : List.of("192.168.77.50", "fd77::50")) {
                    String owner = Owners.of(IpAddress.of(address), List.of("node-1", "node-2"))
                            .orElseThrow();
                    awaitHolder(lab, address, owner.equals("node-1") ? "node" : "client");
                    setReady(client, owner, "Unknown");
                    String heir = owner.equals("node-1") ? "client" : "node";
                    awaitHolder(lab, address, heir);
                    String other = heir.equals("node") ? "client" : "node";
                    Await.passes(
                            Duration.ofSeconds(20),
                            () -> lab.in(other, "busybox", "ping", "-c", "1", "-W", "1", address));
                    setReady(client, owner, "True");
                    awaitHolder(lab, address, owner.equals("node-1") ? "node" : "client");
                }
            } finally {
                speakers.values().forEach(each -> each.stop(Duration.ofSeconds(2)));
                server.stop(Duration.ofSeconds(2));
            }
            for (String namespace : List.of("node", "client")) {
                assertThat(lab.in(namespace, "ip", "link")).doesNotContain("mokube-lb");
                assertThat(lab.in(namespace, "ip", "-6", "neighbour", "show", "proxy"))
                        .isBlank();
            }
        }
    }

    private static LoadBalancerAnnouncer speaker(ClientConfig rights, String node, String namespace) {
        return new LoadBalancerAnnouncer(
                new AnnouncerConfig(rights, Set.of(node), AnnouncerConfig.DEFAULT_DEVICE, Optional.of(namespace)),
                Platform.system());
    }

    private static void awaitHolder(NetworkLab lab, String address, String holder) {
        String other = holder.equals("node") ? "client" : "node";
        Await.until(
                Duration.ofSeconds(20),
                address + " is on " + holder + " alone",
                () -> lab.in(holder, "ip", "address").contains(address + "/")
                        && !lab.in(other, "ip", "address").contains(address + "/"));
    }

    private static void setReady(ApiClient client, String node, String ready) {
        client.resource(Node.class)
                .patch(new ObjectKey("", node), PatchKind.MERGE, Json.MAPPER.readTree("""
                                {"status": {"conditions": [{"type": "Ready", "status": "%s"}]}}""".formatted(ready)), "status");
    }

    private static Node node(String name, String ready, String label) {
        return read(Node.class, """
                {"metadata": {"name": "%s", "labels": {"%s": ""}},
                 "status": {"conditions": [{"type": "Ready", "status": "%s"}]}}""".formatted(name, label, ready));
    }

    private static <T extends HasMetadata> T read(Class<T> model, String json) {
        return Json.MAPPER.readValue(json, model);
    }
}
