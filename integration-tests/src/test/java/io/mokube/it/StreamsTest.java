package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import io.mokube.testkit.FreePort;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What kubectl does with a pod's containers beyond HTTP: old versions in SPDY, new ones over WebSockets. In real
 * containers.
 */
class StreamsTest {

    private static final int BLOB_BYTES = 4 * 1024 * 1024;

    private static UpCluster cluster;

    @TempDir
    private Path folder;

    @BeforeAll
    static void up() {
        cluster = UpCluster.start(1);
        Kubectl.any().ok(cluster.kubeconfig(), "create", "deployment", "web", "--image=mokube/demo:1");
        Kubectl.any().ok(cluster.kubeconfig(), "rollout", "status", "deployment/web", "--timeout=90s");
    }

    @AfterAll
    static void down() {
        cluster.close();
    }

    private static Stream<DynamicTest> eachVersion(String what, ThrowingConsumer test) {
        Map<String, Kubectl> found = Kubectl.found();
        return Stream.of("1.27", "1.33")
                .map(version -> DynamicTest.dynamicTest(what + " with " + version, () -> {
                    Needs.part("kubectl " + version, found.get(version) != null);
                    test.accept(Objects.requireNonNull(found.get(version)));
                }));
    }

    /** What is done with one version. */
    @FunctionalInterface
    private interface ThrowingConsumer {
        void accept(Kubectl kubectl) throws Exception;
    }

    private static Commands.Result exec(Kubectl kubectl, String... command) {
        String[] all = Stream.concat(Stream.of("exec", "deployment/web", "--"), Stream.of(command))
                .toArray(String[]::new);
        return kubectl.run(cluster.kubeconfig(), all);
    }

    private static String pod(Kubectl kubectl) {
        return kubectl.ok(
                cluster.kubeconfig(), "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}");
    }

    @TestFactory
    Stream<DynamicTest> exec() {
        return eachVersion("exec", kubectl -> {
            assertThat(exec(kubectl, "echo", "hello").orFail()).isEqualTo("hello\n");
            Commands.Result both = exec(kubectl, "sh", "-c", "echo to-out; echo to-err >&2; exit 7");
            assertThat(both.code()).isEqualTo(7);
            assertThat(both.output()).isEqualTo("to-out\n");
            assertThat(both.errors()).contains("to-err\n").contains("command terminated with exit code 7");
            assertThat(exec(kubectl, "no-such-command").errors()).contains("executable file not found");
            assertThat(kubectl.run(cluster.kubeconfig(), "exec", "deployment/web", "-c", "absent", "--", "true")
                            .errors())
                    .contains("container absent is not valid for pod");
        });
    }

    @TestFactory
    Stream<DynamicTest> inputAndOutputInQuantity() {
        return eachVersion("a blob", kubectl -> {
            Path blob = blob();
            Path back = folder.resolve("back-" + kubectl.version());
            Process cat = process(kubectl, "exec", "-i", "deployment/web", "--", "cat")
                    .redirectInput(blob.toFile())
                    .redirectOutput(back.toFile())
                    .start();
            assertThat(cat.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(cat.exitValue()).isZero();
            assertThat(Files.mismatch(blob, back)).isEqualTo(-1);
        });
    }

    @TestFactory
    Stream<DynamicTest> aTerminal() {
        Needs.part("script", Files.isExecutable(Path.of("/usr/bin/script")));
        return eachVersion("a terminal", kubectl -> {
            String command = kubectl.binary() + " exec -it deployment/web -- sh -c 'tty; exit 3'";
            Commands.Result result = Commands.run(
                    List.of("/usr/bin/script", "-qec", command, "/dev/null"),
                    environment(kubectl),
                    Duration.ofMinutes(1));
            assertThat(result.code()).isEqualTo(3);
            assertThat(result.output()).contains("/dev/pts/");
        });
    }

    @TestFactory
    Stream<DynamicTest> copies() {
        return eachVersion("cp", kubectl -> {
            Path blob = blob();
            Path back = folder.resolve("copied-" + kubectl.version());
            String there = pod(kubectl) + ":/tmp/blob";
            kubectl.ok(cluster.kubeconfig(), "cp", blob.toString(), there);
            kubectl.ok(cluster.kubeconfig(), "cp", there, back.toString());
            assertThat(Files.mismatch(blob, back)).isEqualTo(-1);
        });
    }

    @TestFactory
    Stream<DynamicTest> portForward() {
        return eachVersion("port-forward", kubectl -> {
            int port = FreePort.next();
            Path output = folder.resolve("forward-" + kubectl.version());
            Process forward = process(kubectl, "port-forward", "deployment/web", port + ":8080")
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try (HttpClient http = HttpClient.newHttpClient();
                    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Await.until("kubectl listens", () -> Files.readString(output).contains("Forwarding from 127.0.0.1"));
                List<Callable<Integer>> requests = new ArrayList<>();
                for (int i = 0; i < 30; i++) {
                    requests.add(() -> http.send(
                                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                                            .version(HttpClient.Version.HTTP_1_1)
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .statusCode());
                }
                for (Future<Integer> answer : threads.invokeAll(requests)) {
                    assertThat(answer.get()).isEqualTo(200);
                }
            } finally {
                forward.destroy();
                forward.waitFor();
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> attach() {
        return eachVersion("attach", kubectl -> {
            String name = "echo-" + kubectl.version().replace('.', '-');
            Process run = process(
                            kubectl, "run", name, "--image=mokube/demo:1", "-i", "--rm", "--restart=Never", "--", "cat")
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve(name).toFile())
                    .start();
            Await.until(
                    Duration.ofSeconds(60),
                    "the pod runs",
                    () -> kubectl.run(cluster.kubeconfig(), "get", "pod", name, "-o", "jsonpath={.status.phase}")
                            .output()
                            .equals("Running"));
            run.getOutputStream().write("ping\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            run.getOutputStream().flush();
            Await.until(
                    "cat answers", () -> Files.readString(folder.resolve(name)).contains("ping"));
            run.getOutputStream().close();
            assertThat(run.waitFor(60, TimeUnit.SECONDS)).isTrue();
        });
    }

    @TestFactory
    Stream<DynamicTest> debug() {
        return eachVersion("debug", kubectl -> {
            String pod = pod(kubectl);
            String name = "look-" + kubectl.version().replace('.', '-');
            kubectl.ok(
                    cluster.kubeconfig(),
                    "debug",
                    pod,
                    "--image=mokube/demo:1",
                    "--container=" + name,
                    "--target=demo",
                    "--",
                    "ps");
            String log = Await.value(Duration.ofSeconds(60), "the ephemeral container has ended", () -> {
                String state = kubectl.ok(
                        cluster.kubeconfig(),
                        "get",
                        "pod",
                        pod,
                        "-o",
                        "jsonpath={.status.ephemeralContainerStatuses[?(@.name==\"" + name + "\")].state}");
                return state.contains("terminated")
                        ? Optional.of(kubectl.ok(cluster.kubeconfig(), "logs", pod, "-c", name))
                        : Optional.empty();
            });
            // It sees the processes of the container it looks at.
            assertThat(log).contains("httpd");
        });
    }

    @Test
    void proxies() {
        Kubectl kubectl = Kubectl.any();
        String pod = pod(kubectl);
        Function<String, Commands.Result> get = path -> kubectl.run(cluster.kubeconfig(), "get", "--raw", path);
        assertThat(get.apply("/api/v1/namespaces/default/pods/" + pod + ":8080/proxy/")
                        .orFail())
                .contains("Mokube");
        assertThat(get.apply("/api/v1/nodes/node-1/proxy/healthz").orFail()).isEqualTo("ok");
        assertThat(get.apply("/api/v1/namespaces/default/pods/" + pod + ":9/proxy/")
                        .errors())
                .contains("error trying to reach service")
                .contains("connection refused");
        kubectl.ok(cluster.kubeconfig(), "create", "service", "clusterip", "nobody", "--tcp=80:8080");
        assertThat(get.apply("/api/v1/namespaces/default/services/nobody:80/proxy/")
                        .errors())
                .contains("no endpoints available for service \"nobody\"");
        assertThat(get.apply("/api/v1/namespaces/default/services/nobody:81/proxy/")
                        .errors())
                .contains("no service port 81 found for service \"nobody\"");
    }

    private Path blob() throws IOException {
        byte[] bytes = new byte[BLOB_BYTES];
        new Random(3).nextBytes(bytes);
        return Files.write(folder.resolve("blob"), bytes);
    }

    private static Map<String, String> environment(Kubectl kubectl) {
        return Map.of(
                "KUBECONFIG", cluster.kubeconfig().toString(),
                "KUBECACHEDIR",
                        cluster.kubeconfig()
                                .resolveSibling("kubectl-cache-" + kubectl.version())
                                .toString());
    }

    private static ProcessBuilder process(Kubectl kubectl, String... arguments) {
        List<String> command = new ArrayList<>(List.of(kubectl.binary().toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment(kubectl));
        return builder;
    }
}
