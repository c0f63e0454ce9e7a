package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.kubernetes.client.Exec;
import io.kubernetes.client.PortForward;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.kubernetes.client.extended.leaderelection.LeaderElector;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.apis.CoordinationV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.util.generic.GenericKubernetesApi;
import io.kubernetes.client.util.generic.options.PatchOptions;
import io.mokube.testkit.Await;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The two Java clients, unmodified: what they do over WebSockets, and what operators written with them need. */
class JavaClientsTest {

    private static UpCluster cluster;
    private static KubernetesClient fabric8;
    private static ApiClient official;
    private static String pod;

    @BeforeAll
    static void up() throws Exception {
        cluster = UpCluster.start(1);
        Kubectl kubectl = Kubectl.any();
        kubectl.ok(cluster.kubeconfig(), "run", "web", "--image=mokube/demo:1");
        kubectl.ok(cluster.kubeconfig(), "wait", "--for=condition=Ready", "pod/web", "--timeout=60s");
        pod = "web";
        fabric8 = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(Files.readString(cluster.kubeconfig())))
                .build();
        official =
                io.kubernetes.client.util.Config.fromConfig(cluster.kubeconfig().toString());
        official.setReadTimeout(0);
    }

    @AfterAll
    static void down() {
        if (fabric8 != null) {
            fabric8.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    private static ConfigMap configMap(String name, Map<String, String> data) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withData(data)
                .build();
    }

    @Test
    void fabric8WatchesOverAWebSocket() {
        ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
        try (Watch watch = fabric8.configMaps().inNamespace("default").watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, ConfigMap resource) {
                if (resource.getMetadata().getName().equals("watched")) {
                    seen.add(action + " " + resource.getData().get("n"));
                }
            }

            @Override
            public void onClose(WatcherException cause) {
                seen.add("closed: " + cause);
            }
        })) {
            fabric8.resource(configMap("watched", Map.of("n", "1"))).create();
            fabric8.configMaps()
                    .inNamespace("default")
                    .withName("watched")
                    .edit(each -> new ConfigMapBuilder(each).addToData("n", "2").build());
            fabric8.configMaps().inNamespace("default").withName("watched").delete();
            Await.until("all events came", () -> seen.size() >= 3);
            assertThat(seen).containsExactly("ADDED 1", "MODIFIED 2", "DELETED 2");
        }
    }

    @Test
    void fabric8InformersFollow() {
        try (SharedIndexInformer<ConfigMap> informer =
                fabric8.configMaps().inNamespace("default").inform()) {
            fabric8.resource(configMap("followed", Map.of("n", "1"))).create();
            Await.until("it is there", () -> informer.getStore().getByKey("default/followed") != null);
            fabric8.configMaps().inNamespace("default").withName("followed").delete();
            Await.until("it is gone", () -> informer.getStore().getByKey("default/followed") == null);
        }
    }

    @Test
    void fabric8PatchesAndApplies() {
        fabric8.resource(configMap("patched", Map.of("a", "1"))).create();
        var patched = fabric8.configMaps().inNamespace("default").withName("patched");
        assertThat(patched.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"data\": {\"b\": \"2\"}}")
                        .getData())
                .isEqualTo(Map.of("a", "1", "b", "2"));
        assertThat(patched.patch(PatchContext.of(PatchType.JSON), "[{\"op\": \"remove\", \"path\": \"/data/a\"}]")
                        .getData())
                .isEqualTo(Map.of("b", "2"));
        ConfigMap applied =
                fabric8.resource(configMap("applied", Map.of("c", "3"))).serverSideApply();
        assertThat(applied.getMetadata().getManagedFields()).hasSize(1);
        assertThat(fabric8.resource(configMap("applied", Map.of("d", "4")))
                        .serverSideApply()
                        .getData())
                .isEqualTo(Map.of("d", "4"));
    }

    @Test
    void fabric8ElectsALeader() {
        AtomicBoolean leads = new AtomicBoolean();
        var elector = fabric8.leaderElector()
                .withConfig(new LeaderElectionConfigBuilder()
                        .withName("test")
                        .withLock(new LeaseLock("default", "leader", "me"))
                        .withLeaseDuration(Duration.ofSeconds(5))
                        .withRenewDeadline(Duration.ofSeconds(4))
                        .withRetryPeriod(Duration.ofSeconds(1))
                        .withReleaseOnCancel(true)
                        .withLeaderCallbacks(
                                new LeaderCallbacks(() -> leads.set(true), () -> leads.set(false), who -> {}))
                        .build())
                .build();
        var running = elector.start();
        Await.until("it leads", leads::get);
        running.cancel(true);
        Await.until("it gave up leading", () -> !leads.get());
    }

    @Test
    void fabric8RunsCommandsAndForwardsPorts() throws Exception {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        var web = fabric8.pods().inNamespace("default").withName(pod);
        try (ExecWatch exec = web.writingOutput(output).exec("sh", "-c", "echo hello; exit 5")) {
            assertThat(exec.exitCode().get(30, TimeUnit.SECONDS)).isEqualTo(5);
        }
        assertThat(output.toString(StandardCharsets.UTF_8)).isEqualTo("hello\n");
        try (ExecWatch exec = web.redirectingInput().redirectingOutput().exec("head", "-n", "1")) {
            exec.getInput().write("one\ntwo\n".getBytes(StandardCharsets.UTF_8));
            exec.getInput().flush();
            assertThat(new String(exec.getOutput().readNBytes(4), StandardCharsets.UTF_8))
                    .isEqualTo("one\n");
        }
        try (LocalPortForward forward = web.portForward(8080);
                HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> page = http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + forward.getLocalPort() + "/"))
                            .version(HttpClient.Version.HTTP_1_1)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(page.body()).contains("Mokube");
        }
        assertThat(web.getLog()).isNotNull();
    }

    @Test
    void theOfficialClientReadsAndWrites() throws Exception {
        CoreV1Api api = new CoreV1Api(official);
        V1ConfigMap created = api.createNamespacedConfigMap(
                        "default",
                        new V1ConfigMap()
                                .metadata(new V1ObjectMeta().name("official"))
                                .data(Map.of("a", "1")))
                .execute();
        assertThat(created.getMetadata().getUid()).isNotEmpty();
        assertThat(api.listNamespacedPod("default").execute().getItems())
                .anyMatch(each -> pod.equals(each.getMetadata().getName()));
        created.putDataItem("a", "2");
        assertThat(api.replaceNamespacedConfigMap("official", "default", created)
                        .execute()
                        .getData())
                .isEqualTo(Map.of("a", "2"));
        api.deleteNamespacedConfigMap("official", "default").execute();
    }

    @Test
    void theOfficialClientInformsPatchesAndApplies() throws Exception {
        GenericKubernetesApi<V1ConfigMap, V1ConfigMapList> maps =
                new GenericKubernetesApi<>(V1ConfigMap.class, V1ConfigMapList.class, "", "v1", "configmaps", official);
        SharedInformerFactory informers = new SharedInformerFactory(official);
        var informer = informers.sharedIndexInformerFor(maps, V1ConfigMap.class, 0, "default");
        informers.startAllRegisteredInformers();
        try {
            maps.create(new V1ConfigMap()
                            .apiVersion("v1")
                            .kind("ConfigMap")
                            .metadata(new V1ObjectMeta().name("informed").namespace("default"))
                            .data(Map.of("a", "1")))
                    .throwsApiException();
            patch(maps, V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH, "{\"data\": {\"b\": \"2\"}}");
            patch(maps, V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH, "{\"data\": {\"c\": \"3\"}}");
            patch(maps, V1Patch.PATCH_FORMAT_JSON_PATCH, "[{\"op\": \"remove\", \"path\": \"/data/a\"}]");
            V1Patch configuration = new V1Patch("{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\":"
                    + " {\"name\": \"informed\"}, \"data\": {\"b\": \"5\"}}");
            PatchOptions options = new PatchOptions().fieldManager("me");
            var conflict = maps.patch(
                    "default", "informed", V1Patch.PATCH_FORMAT_APPLY_YAML, configuration, options.force(false));
            assertThat(conflict.getHttpStatusCode()).isEqualTo(409);
            assertThat(conflict.getStatus().getMessage())
                    .contains("conflict with ")
                    .endsWith(": .data.b");
            maps.patch("default", "informed", V1Patch.PATCH_FORMAT_APPLY_YAML, configuration, options.force(true))
                    .throwsApiException();
            Await.until("the informer saw all", () -> {
                V1ConfigMap seen = informer.getIndexer().getByKey("default/informed");
                return seen != null && Map.of("b", "5", "c", "3").equals(seen.getData());
            });
            maps.delete("default", "informed").throwsApiException();
            Await.until("it is gone", () -> informer.getIndexer().getByKey("default/informed") == null);
        } finally {
            informers.stopAllRegisteredInformers();
        }
    }

    private static void patch(GenericKubernetesApi<V1ConfigMap, V1ConfigMapList> maps, String format, String patch)
            throws Exception {
        maps.patch("default", "informed", format, new V1Patch(patch)).throwsApiException();
    }

    @Test
    void theOfficialClientElectsALeader() throws Exception {
        ConcurrentLinkedQueue<String> story = new ConcurrentLinkedQueue<>();
        LeaderElector first = elector("first");
        Thread.ofVirtual().start(() -> first.run(() -> story.add("first leads"), () -> story.add("first stops")));
        Await.until("one leads", () -> story.contains("first leads"));
        try (LeaderElector second = elector("second")) {
            Thread.ofVirtual()
                    .start(() -> second.run(() -> story.add("second leads"), () -> story.add("second stops")));
            first.close();
            Await.until("the other leads", () -> story.contains("second leads"));
            assertThat(new CoordinationV1Api(official)
                            .readNamespacedLease("official-leader", "default")
                            .execute()
                            .getSpec()
                            .getHolderIdentity())
                    .isEqualTo("second");
        }
        assertThat(story).startsWith("first leads").contains("first stops");
    }

    private static LeaderElector elector(String identity) {
        return new LeaderElector(new LeaderElectionConfig(
                new io.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock(
                        "default", "official-leader", identity, official),
                Duration.ofSeconds(4),
                Duration.ofSeconds(3),
                Duration.ofSeconds(1)));
    }

    @Test
    void theOfficialClientRunsCommandsAndForwardsPorts() throws Exception {
        Process process = new Exec(official)
                .exec("default", pod, new String[] {"sh", "-c", "read line; echo got $line; exit 4"}, true, false);
        process.getOutputStream().write("it\n".getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("got it\n");
        assertThat(process.waitFor()).isEqualTo(4);
        PortForward.PortForwardResult forward = new PortForward(official).forward("default", pod, List.of(8080));
        OutputStream question = forward.getOutboundStream(8080);
        InputStream answer = forward.getInputStream(8080);
        question.write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        question.flush();
        assertThat(new String(answer.readNBytes(7), StandardCharsets.UTF_8)).isEqualTo("HTTP/1.");
    }
}
