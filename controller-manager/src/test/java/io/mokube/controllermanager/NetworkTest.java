package io.mokube.controllermanager;

import static io.mokube.controllermanager.WorkloadCluster.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ListOptions;
import io.mokube.controllermanager.controllers.loadbalancer.AddressPool;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Services and what is behind them on the real API server, driven by the real kubectl. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NetworkTest {

    @TempDir
    static Path directory;

    private WorkloadCluster cluster;
    private ApiClient client;

    @BeforeAll
    void start() throws InterruptedException {
        cluster = WorkloadCluster.start(
                directory,
                config -> config.withLoadBalancerPool(AddressPool.parse(List.of("192.0.2.1-192.0.2.2"))),
                "hollow");
        client = cluster.client();
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    @Order(1)
    void anExposedDeploymentHasItsPodsForEndpoints() {
        cluster.kubectl("create", "deployment", "web", "--image=web:1", "--replicas=2", "--port=8080");
        cluster.kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080");
        Await.passes(PATIENCE, () -> {
            List<String> addresses = podAddresses("web");
            assertThat(addresses).hasSize(2);
            assertThat(sliceAddresses("web")).isEqualTo(addresses);
            assertThat(endpointsAddresses("web")).isEqualTo(addresses);
        });
        String[] addresses = podAddresses("web").toArray(String[]::new);
        String sockets = String.join(":8080,", addresses) + ":8080";
        assertThat(cluster.kubectl("get", "endpoints", "web", "--no-headers")).containsPattern("web +" + sockets + " ");
        assertThat(cluster.kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=web", "--no-headers"))
                .containsPattern("^web-[a-z0-9]{5} +IPv4 +8080 ")
                .contains(addresses);
        assertThat(cluster.kubectl("describe", "service", "web"))
                .containsPattern("Endpoints: +10[0-9.]+:8080,10[0-9.]+:8080\n")
                .contains(addresses);
    }

    @Test
    @Order(2)
    void endpointsFollowThePods() {
        String slice = onlySlice("web").getMetadata().getName();
        for (int replicas : new int[] {5, 1, 0, 3}) {
            cluster.kubectl("scale", "deployment/web", "--replicas=" + replicas);
            Await.passes(PATIENCE, () -> {
                assertThat(podAddresses("web")).hasSize(replicas);
                assertThat(sliceAddresses("web")).isEqualTo(podAddresses("web"));
                assertThat(endpointsAddresses("web")).isEqualTo(podAddresses("web"));
            });
        }
        assertThat(onlySlice("web").getMetadata().getName()).isEqualTo(slice);
    }

    @Test
    @Order(3)
    void aRestartedControllerMakesNoSecondSlice() {
        cluster.restartControllers();
        cluster.kubectl("scale", "deployment/web", "--replicas=4");
        Await.passes(PATIENCE, () -> {
            assertThat(podAddresses("web")).hasSize(4);
            assertThat(sliceAddresses("web")).isEqualTo(podAddresses("web"));
        });
        onlySlice("web");
    }

    @Test
    @Order(4)
    void moreThanAHundredPodsNeedTwoSlices() {
        cluster.kubectl("scale", "deployment/web", "--replicas=120");
        Await.passes(PATIENCE, () -> {
            assertThat(podAddresses("web")).hasSize(120);
            assertThat(sliceAddresses("web")).isEqualTo(podAddresses("web"));
            assertThat(endpointsAddresses("web")).isEqualTo(podAddresses("web"));
        });
        assertThat(slices("web"))
                .hasSizeBetween(2, 3)
                .allSatisfy(slice -> assertThat(slice.getEndpoints()).hasSizeLessThanOrEqualTo(100));
        cluster.kubectl("scale", "deployment/web", "--replicas=1");
        Await.passes(PATIENCE, () -> {
            assertThat(podAddresses("web")).hasSize(1);
            assertThat(sliceAddresses("web")).isEqualTo(podAddresses("web"));
        });
    }

    @Test
    @Order(5)
    void trafficHintsAndZonesFollowServiceAndNode() {
        cluster.kubectl("label", "node/hollow", "topology.kubernetes.io/zone=east");
        cluster.kubectl("patch", "service/web", "-p", "{\"spec\":{\"trafficDistribution\":\"PreferSameNode\"}}");
        Await.passes(PATIENCE, () -> {
            Endpoint endpoint = onlySlice("web").getEndpoints().getFirst();
            assertThat(endpoint.getZone()).isEqualTo("east");
            assertThat(endpoint.getHints().getForZones().getFirst().getName()).isEqualTo("east");
            assertThat(endpoint.getHints().getForNodes().getFirst().getName()).isEqualTo("hollow");
        });
        assertThat(client.resource(Node.class).get("", "hollow")).isPresent();
    }

    @Test
    @Order(6)
    void ownEndpointsOfAServiceWithoutSelectorAreMirroredAndLeftAlone() {
        cluster.apply("""
                apiVersion: v1
                kind: Endpoints
                metadata: {name: external}
                subsets:
                - addresses: [{ip: 192.0.2.1}]
                  notReadyAddresses: [{ip: 192.0.2.2}]
                  ports: [{name: db, port: 5432}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: external}
                spec: {ports: [{name: db, port: 5432}]}
                """);
        Await.passes(PATIENCE, () -> {
            EndpointSlice slice = onlySlice("external");
            assertThat(slice.getMetadata().getLabels())
                    .containsEntry(
                            "endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io");
            assertThat(slice.getPorts().getFirst().getPort()).isEqualTo(5432);
            assertThat(slice.getEndpoints())
                    .extracting(each -> each.getAddresses().getFirst() + " "
                            + each.getConditions().getReady())
                    .containsExactly("192.0.2.1 true", "192.0.2.2 false");
        });
        cluster.kubectl("patch", "endpoints/external", "-p", "{\"subsets\":null}");
        Await.passes(PATIENCE, () -> assertThat(slices("external")).isEmpty());
    }

    @Test
    @Order(7)
    void everythingOfAServiceGoesWithIt() {
        cluster.kubectl("delete", "service", "web", "external");
        Await.passes(PATIENCE, () -> {
            for (String name : List.of("web", "external")) {
                assertThat(slices(name)).isEmpty();
                assertThat(client.resource(Endpoints.class).get("default", name))
                        .isEmpty();
            }
        });
    }

    @Test
    @Order(8)
    void aReplicationControllerKeepsItsPods() {
        cluster.apply("""
                apiVersion: v1
                kind: ReplicationController
                metadata: {name: old}
                spec:
                  replicas: 2
                  template:
                    metadata: {labels: {app: old}}
                    spec: {containers: [{name: c, image: "web:1"}]}
                """);
        awaitReplicas("2 2 2");
        assertThat(cluster.kubectl("get", "rc", "old", "--no-headers")).startsWith("old   2     2     2 ");
        cluster.kubectl("scale", "rc/old", "--replicas=4");
        awaitReplicas("4 4 4");
        cluster.kubectl("delete", "pods", "-l", "app=old", "--wait=false");
        cluster.kubectl("scale", "rc/old", "--replicas=1");
        awaitReplicas("1 1 1");
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl("describe", "rc", "old"))
                        .containsPattern("Replicas: +1 current / 1 desired")
                        .containsPattern("SuccessfulCreate .*Created pod: old-"));
        cluster.kubectl("expose", "rc", "old", "--port=80");
        Await.passes(PATIENCE, () -> assertThat(sliceAddresses("old")).isEqualTo(podAddresses("old")));
        cluster.kubectl("delete", "rc/old", "service/old");
        Await.passes(PATIENCE, () -> assertThat(podAddresses("old")).isEmpty());
    }

    @Test
    @Order(9)
    void nodesAreToldHowLongSecretsAreGood() {
        Await.passes(
                PATIENCE,
                () -> assertThat(client.resource(Node.class)
                                .get("", "hollow")
                                .orElseThrow()
                                .getMetadata()
                                .getAnnotations())
                        .containsEntry("node.alpha.kubernetes.io/ttl", "0"));
    }

    @Test
    @Order(10)
    void tokensSignTheClustersInfoUntilTheyExpire() {
        cluster.apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: cluster-info, namespace: kube-public}
                data: {kubeconfig: "Hello"}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
                type: bootstrap.kubernetes.io/token
                stringData: {token-id: abcdef, token-secret: 0123456789abcdef, usage-bootstrap-signing: "true"}
                """);
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl(
                                "get", "-n", "kube-public", "cm", "cluster-info", "-o", "jsonpath={.data}"))
                        .contains("jws-kubeconfig-abcdef", "eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9.."));
        cluster.kubectl(
                "patch",
                "-n",
                "kube-system",
                "secret",
                "bootstrap-token-abcdef",
                "-p",
                "{\"stringData\":{\"expiration\":\"2026-01-01T00:00:00Z\"}}");
        Await.passes(PATIENCE, () -> {
            assertThat(client.resource(Secret.class).get("kube-system", "bootstrap-token-abcdef"))
                    .isEmpty();
            assertThat(cluster.kubectl("get", "-n", "kube-public", "cm", "cluster-info", "-o", "jsonpath={.data}"))
                    .doesNotContain("jws-kubeconfig-abcdef");
        });
    }

    @Test
    @Order(12)
    void servicesGetAddressesOfARangeThatIsReady() {
        cluster.apply("""
                apiVersion: networking.k8s.io/v1
                kind: ServiceCIDR
                metadata: {name: more}
                spec: {cidrs: [192.0.2.0/28]}
                """);
        cluster.kubectl("wait", "--for=condition=Ready", "servicecidr/more", "--timeout=60s");
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl(
                                "create", "service", "clusterip", "there", "--tcp=80", "--clusterip=192.0.2.5"))
                        .isEqualTo("service/there created\n"));
        cluster.kubectl("delete", "servicecidr", "more", "--wait=false");
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl("get", "servicecidr", "more", "-o", "jsonpath={.status}"))
                        .contains("\"reason\":\"Terminating\""));
        cluster.kubectl("delete", "service", "there");
        Await.until(
                PATIENCE,
                "the range is gone",
                () -> cluster.kubectl("get", "servicecidr", "--no-headers")
                                .lines()
                                .count()
                        == 1);
    }

    @Test
    @Order(13)
    void theRangeOfServicesIsReadyAndStaysWhileServicesUseIt() {
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl(
                                "get", "servicecidr", "kubernetes", "-o", "jsonpath={.metadata.finalizers} {.status}"))
                        .startsWith("[\"networking.k8s.io/service-cidr-finalizer\"] ")
                        .contains("\"type\":\"Ready\"", "\"status\":\"True\"", "Kubernetes Service CIDR is ready"));
        cluster.kubectl("delete", "servicecidr", "kubernetes", "--wait=false");
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl("get", "servicecidr", "kubernetes", "-o", "jsonpath={.status}"))
                        .contains("\"status\":\"False\"", "There are still IPAddresses referencing the ServiceCIDR"));
    }

    private void awaitReplicas(String counts) {
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl(
                                "get",
                                "rc",
                                "old",
                                "-o",
                                "jsonpath={.status.replicas} {.status.readyReplicas} {.status.availableReplicas}"))
                        .isEqualTo(counts));
    }

    // -----------------------------------------------------------------------------------------------------------

    @Test
    @Order(11)
    void loadBalancersHaveAddressesOfTheirOwn() {
        for (String name : List.of("one", "two", "three")) {
            cluster.kubectl("create", "service", "loadbalancer", name, "--tcp=80:8080");
            if (!name.equals("three")) {
                Await.until(
                        PATIENCE,
                        name + " has an address",
                        () -> !balancers(name).isEmpty());
            }
        }
        assertThat(List.of(balancers("one"), balancers("two")))
                .containsExactlyInAnyOrder("192.0.2.1 VIP", "192.0.2.2 VIP");
        assertThat(cluster.kubectl("get", "service", "one", "-o", "jsonpath={.metadata.finalizers}"))
                .contains("service.kubernetes.io/load-balancer-cleanup");
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl("describe", "service", "three"))
                        .contains("no free IPv4 address is left in the pool"));
        assertThat(balancers("three")).isEmpty();

        String kept = balancers("one");
        String freed = balancers("two");
        cluster.restartControllers();
        cluster.kubectl("patch", "service", "two", "-p", "{\"spec\":{\"type\":\"ClusterIP\"}}");
        Await.until(
                PATIENCE,
                "the address of two is three's",
                () -> balancers("three").equals(freed));
        assertThat(balancers("one")).isEqualTo(kept);
        assertThat(balancers("two")).isEmpty();

        cluster.kubectl("patch", "service", "two", "-p", """
                {"spec": {"type": "LoadBalancer", "loadBalancerIP": "198.51.100.1"}}""");
        Await.passes(
                PATIENCE,
                () -> assertThat(cluster.kubectl("describe", "service", "two"))
                        .contains("loadBalancerIP 198.51.100.1 is not in the address pool"));
        cluster.kubectl("delete", "service", "one");
        cluster.kubectl(
                "patch",
                "service",
                "two",
                "-p",
                "{\"spec\":{\"loadBalancerIP\":\"%s\"}}".formatted(kept.split(" ")[0]));
        Await.until(
                PATIENCE,
                "two has the address that it asks for",
                () -> balancers("two").equals(kept));
        cluster.kubectl("delete", "service", "two", "three");
    }

    private String balancers(String service) {
        return cluster.kubectl(
                        "get",
                        "service",
                        service,
                        "-o",
                        "jsonpath={range .status.loadBalancer.ingress[*]}{.ip} {.ipMode}{end}")
                .strip();
    }

    private List<String> podAddresses(String app) {
        return client
                .resource(Pod.class)
                .list("default", ListOptions.ALL.withLabels(LabelSelector.ofLabels(Map.of("app", app))))
                .items()
                .stream()
                .map(pod -> pod.getStatus().getPodIP())
                .sorted()
                .toList();
    }

    private List<EndpointSlice> slices(String service) {
        return client.resource(EndpointSlice.class)
                .list(
                        "default",
                        ListOptions.ALL.withLabels(
                                LabelSelector.ofLabels(Map.of("kubernetes.io/service-name", service))))
                .items();
    }

    private EndpointSlice onlySlice(String service) {
        List<EndpointSlice> slices = slices(service);
        assertThat(slices).hasSize(1);
        return slices.getFirst();
    }

    private List<String> sliceAddresses(String service) {
        return slices(service).stream()
                .flatMap(slice -> slice.getEndpoints().stream())
                .flatMap(endpoint -> endpoint.getAddresses().stream())
                .sorted()
                .toList();
    }

    private List<String> endpointsAddresses(String service) {
        return client.resource(Endpoints.class).get("default", service).orElseThrow().getSubsets().stream()
                .flatMap(subset -> subset.getAddresses().stream())
                .map(address -> address.getIp())
                .sorted()
                .toList();
    }
}
