package io.mokube.client.rest;

import static io.mokube.client.ServerFixture.configMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PartialObjectMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mokube.client.ServerFixture;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.TcpProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApiClientTest {

    private ServerFixture fixture;
    private ApiClient client;
    private ResourceClient<ConfigMap> maps;

    @BeforeAll
    void start(@TempDir Path folder) {
        fixture = new ServerFixture(folder);
        client = fixture.client();
        maps = client.resource(ConfigMap.class);
    }

    @AfterAll
    void stop() {
        fixture.close();
    }

    @Test
    void createsReadsReplacesAndDeletes() {
        ObjectKey key = new ObjectKey("default", "crud");
        assertThat(maps.get(key)).isEmpty();
        ConfigMap created = maps.create(configMap("crud", "a", "1"));
        assertThat(created.getMetadata().getUid()).isNotEmpty();
        assertThat(maps.get(key)).contains(created);

        created.setData(Map.of("a", "2"));
        ConfigMap updated = maps.update(created);
        assertThat(updated.getData()).containsEntry("a", "2");
        assertThatThrownBy(() -> maps.update(created))
                .asInstanceOf(type(ApiException.class))
                .matches(ApiException::isConflict);
        assertThatThrownBy(() -> maps.create(configMap("crud")))
                .asInstanceOf(type(ApiException.class))
                .matches(ApiException::isAlreadyExists)
                .extracting(ApiException::getMessage)
                .isEqualTo("configmaps \"crud\" already exists");

        assertThatThrownBy(() -> maps.delete(key, DeleteOptions.DEFAULT.withUid("other")))
                .asInstanceOf(type(ApiException.class))
                .matches(ApiException::isConflict);
        maps.delete(key, DeleteOptions.DEFAULT.withUid(created.getMetadata().getUid()));
        assertThat(maps.get(key)).isEmpty();
    }

    @Test
    void tellsAMissingObjectFromAMissingResource() {
        ResourceType<KubeObject> none =
                ResourceType.dynamic(new GroupVersionResource("example.com", "v1", "things"), "Thing", true);
        assertThatThrownBy(() -> client.resource(none).get("default", "x"))
                .asInstanceOf(type(ApiException.class))
                .extracting(ApiException::code)
                .isEqualTo(404);
    }

    @Test
    void patchesInEachWay() {
        maps.create(configMap("patched", "a", "1"));
        ObjectKey key = new ObjectKey("default", "patched");
        assertThat(maps.patch(key, PatchKind.MERGE, Json.MAPPER.readTree("{\"data\":{\"b\":\"2\"}}"))
                        .getData())
                .containsOnly(Map.entry("a", "1"), Map.entry("b", "2"));
        assertThat(maps.patch(key, PatchKind.JSON, Json.MAPPER.readTree("[{\"op\":\"remove\",\"path\":\"/data/a\"}]"))
                        .getData())
                .containsOnly(Map.entry("b", "2"));
        assertThat(maps.patch(key, PatchKind.STRATEGIC, Json.MAPPER.readTree("{\"data\":{\"b\":null}}"))
                        .getData())
                .isNullOrEmpty();
    }

    @Test
    void listsWhatIsSelectedInParts() {
        ResourceClient<Namespace> namespaces = client.resource(Namespace.class);
        assertThat(namespaces.list("", ListOptions.ALL).items())
                .extracting(each -> each.getMetadata().getName())
                .contains("default", "kube-system");
        for (int i = 0; i < 5; i++) {
            ConfigMap map = configMap("part-" + i);
            map.getMetadata().setLabels(Map.of("part", i < 3 ? "low" : "high"));
            maps.create(map);
        }
        ListOptions low = ListOptions.ALL.withLabels(LabelSelector.parse("part=low"));
        assertThat(maps.list("default", low).items()).hasSize(3);
        assertThat(maps.list("", ListOptions.ALL.withFields(FieldSelector.equal("metadata.name", "part-4")))
                        .items())
                .hasSize(1);
        List<ConfigMap> all = new ArrayList<>();
        String next = "";
        do {
            ListResult<ConfigMap> part = maps.list("default", low.withLimit(2).withContinue(next));
            assertThat(part.items()).hasSizeLessThanOrEqualTo(2);
            all.addAll(part.items());
            next = part.continueToken();
        } while (!next.isEmpty());
        assertThat(all).hasSize(3);
        maps.deleteCollection("default", low, DeleteOptions.DEFAULT);
        assertThat(maps.list("default", low).items()).isEmpty();
    }

    @Test
    void readsMetadataAloneAndTreesOfAnyKind() {
        ConfigMap created = maps.create(configMap("forms", "a", "1"));
        GroupVersionResource resource = new GroupVersionResource("", "v1", "configmaps");
        PartialObjectMetadata partial = client.resource(ResourceType.metadata(resource, "ConfigMap", true))
                .get("default", "forms")
                .orElseThrow();
        assertThat(partial.getMetadata().getUid())
                .isEqualTo(created.getMetadata().getUid());
        ResourceType<KubeObject> trees = ResourceType.dynamic(resource, "ConfigMap", true);
        assertThat(client.resource(trees).list("default", ListOptions.ALL).items())
                .allSatisfy(tree -> assertThat(tree.kind()).isEqualTo("ConfigMap"))
                .anySatisfy(
                        tree -> assertThat(tree.at("data", "a").asString("")).isEqualTo("1"));
        assertThat(client.resource(ResourceType.metadata(resource, "ConfigMap", true))
                        .list("default", ListOptions.ALL.withFields(FieldSelector.equal("metadata.name", "forms")))
                        .items())
                .hasSize(1);
    }

    @Test
    void keepsQuantitiesTimesAndStatus() {
        // Pods are admitted only with the account that a controller manager would make.
        client.resource(ServiceAccount.class)
                .create(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace("kube-system")
                        .withName("default")
                        .endMetadata()
                        .build());
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace("kube-system")
                .withName("typed")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("image")
                .withNewResources()
                .addToRequests("cpu", new Quantity("100m"))
                .endResources()
                .endContainer()
                .endSpec()
                .build();
        ResourceClient<Pod> pods = client.resource(Pod.class);
        Pod created = pods.create(pod);
        assertThat(created.getSpec().getContainers().getFirst().getResources().getRequests())
                .containsEntry("cpu", new Quantity("100m"));
        created.setStatus(new io.fabric8.kubernetes.api.model.PodStatusBuilder()
                .withPhase("Running")
                .withPodIP("10.0.0.1")
                .build());
        assertThat(pods.updateStatus(created).getStatus().getPodIP()).isEqualTo("10.0.0.1");

        ZonedDateTime time = ZonedDateTime.parse("2026-01-02T03:04:05.678901Z");
        Lease lease = client.resource(Lease.class)
                .create(new LeaseBuilder()
                        .withNewMetadata()
                        .withNamespace("kube-system")
                        .withName("typed")
                        .endMetadata()
                        .withNewSpec()
                        .withRenewTime(time)
                        .endSpec()
                        .build());
        assertThat(lease.getSpec().getRenewTime()).isEqualTo(time);
    }

    @Test
    void discoversEachResourceOnce() {
        Discovery discovery = Discovery.of(client);
        assertThat(discovery.failed()).isEmpty();
        assertThat(discovery.resources())
                .extracting(Discovery.Served::resource)
                .doesNotHaveDuplicates()
                .contains(
                        new GroupVersionResource("", "v1", "pods"),
                        new GroupVersionResource("apps", "v1", "deployments"));
        assertThat(discovery.resources())
                .filteredOn(each -> each.kind().equals("Pod"))
                .singleElement()
                .satisfies(pods -> {
                    assertThat(pods.namespaced()).isTrue();
                    assertThat(pods.verbs()).contains("get", "list", "watch", "delete", "deletecollection");
                });
    }

    @Test
    void aWriteThatIsRefusedWhileItLeavesIsNotCarriedOut() {
        AtomicInteger checks = new AtomicInteger();
        ApiClient paused = client.guardedBy(() -> {
            if (checks.incrementAndGet() > 1) {
                throw new WriteGuard.WriteRefusedException("the term is over");
            }
        });
        assertThatThrownBy(() -> paused.resource(ConfigMap.class).create(configMap("late")))
                .isInstanceOf(WriteGuard.WriteRefusedException.class);
        assertThat(checks).hasValue(2);
        assertThat(maps.get(new ObjectKey("default", "late"))).isEmpty();
        maps.create(configMap("on-the-same-connection"));
    }

    @Test
    void countsRequestsUnderKubernetesNames() {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Platform platform = new Platform(Clock.system(), new Random(1), prometheus);
        String host = fixture.config().server().getAuthority();
        try (ApiClient counted = new ApiClient(fixture.config(), platform)) {
            ResourceClient<ConfigMap> resource = counted.resource(ConfigMap.class);
            resource.create(configMap("counted"));
            assertThatThrownBy(() -> resource.create(configMap("counted"))).isInstanceOf(ApiException.class);
            resource.get(new ObjectKey("default", "counted"));
        }
        assertThat(prometheus.scrape())
                .contains(
                        "rest_client_requests_total{code=\"201\",host=\"" + host + "\",method=\"POST\"} 1.0",
                        "rest_client_requests_total{code=\"409\",host=\"" + host + "\",method=\"POST\"} 1.0",
                        "rest_client_requests_total{code=\"200\",host=\"" + host + "\",method=\"GET\"} 1.0",
                        "rest_client_request_duration_seconds_count{host=\"" + host + "\",verb=\"POST\"} 2",
                        "rest_client_request_duration_seconds_bucket{host=\"" + host
                                + "\",verb=\"GET\",le=\"60.0\"} 1");
    }

    @Test
    void aRefusedWriteIsNotSent() {
        ApiClient guarded = client.guardedBy(() -> {
            throw new WriteGuard.WriteRefusedException("not now");
        });
        ResourceClient<ConfigMap> refused = guarded.resource(ConfigMap.class);
        ObjectKey key = new ObjectKey("default", "refused");
        assertThatThrownBy(() -> refused.create(configMap("refused")))
                .isInstanceOf(WriteGuard.WriteRefusedException.class);
        assertThatThrownBy(() -> refused.delete(key, DeleteOptions.DEFAULT))
                .isInstanceOf(WriteGuard.WriteRefusedException.class);
        assertThatThrownBy(() -> refused.patch(key, PatchKind.MERGE, Json.MAPPER.createObjectNode()))
                .isInstanceOf(WriteGuard.WriteRefusedException.class);
        assertThat(refused.get(key)).isEmpty();
    }

    @Test
    void manyRequestsAndWatchesAtOnceFindAStreamEach() throws InterruptedException, ExecutionException {
        List<Watch<ConfigMap>> watches = new ArrayList<>();
        String version = maps.list("default", ListOptions.ALL).resourceVersion();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                watches.add(maps.watch("default", WatchOptions.from(version)));
            }
            List<Future<Optional<ConfigMap>>> answers = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                answers.add(executor.submit(() -> maps.get("default", "nobody")));
            }
            for (Future<Optional<ConfigMap>> answer : answers) {
                assertThat(answer.get()).isEmpty();
            }
            ConfigMap created = maps.create(configMap("seen-by-all"));
            for (Watch<ConfigMap> watch : watches) {
                assertThat(next(watch)).isEqualTo(new WatchEvent.Added<>(created));
            }
        } finally {
            watches.forEach(Watch::close);
        }
    }

    @Test
    void aWatchThatIsClosedElsewhereWakesItsReader() throws InterruptedException {
        String version = maps.list("default", ListOptions.ALL).resourceVersion();
        Watch<ConfigMap> watch = maps.watch(
                "default", WatchOptions.from(version).withFields(FieldSelector.equal("metadata.name", "never")));
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                while (watch.next() != null) {
                    // Bookmarks.
                }
            } catch (ConnectionException e) {
                // As good an end as any.
            }
        });
        watch.close();
        assertThat(reader.join(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void aSilentConnectionIsGivenUp() {
        String version = maps.list("default", ListOptions.ALL).resourceVersion();
        try (TcpProxy proxy = TcpProxy.before(fixture.server().port());
                ApiClient through = fixture.clientAt(proxy.endpoint("https"));
                Watch<ConfigMap> watch = through.resource(ConfigMap.class)
                        .watch("default", WatchOptions.from(version).withIdleTimeout(Duration.ofMillis(300)))) {
            proxy.stall(true);
            assertThatThrownBy(() -> {
                        while (watch.next() != null) {
                            // What came before the silence.
                        }
                        throw new ConnectionException("ended");
                    })
                    .isInstanceOf(ConnectionException.class);
            assertThat(watch.wasIdle()).isTrue();
        }
    }

    @Test
    void aServerThatIsAwayIsAConnectionException() {
        try (TcpProxy proxy = TcpProxy.before(fixture.server().port());
                ApiClient through = fixture.clientAt(proxy.endpoint("https"))) {
            proxy.refuse(true);
            assertThatThrownBy(() -> through.resource(ConfigMap.class).get("default", "x"))
                    .isInstanceOf(ConnectionException.class);
            assertThatThrownBy(() -> through.resource(ConfigMap.class).list("default", ListOptions.ALL))
                    .isInstanceOf(ConnectionException.class);
        }
    }

    private static WatchEvent<ConfigMap> next(Watch<ConfigMap> watch) {
        while (true) {
            WatchEvent<ConfigMap> event = watch.next();
            if (event == null) {
                throw new AssertionError("the watch ended");
            }
            if (!(event instanceof WatchEvent.Bookmark)) {
                return event;
            }
        }
    }
}
