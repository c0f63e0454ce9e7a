package io.mokube.it.compose;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import io.mokube.testkit.DockerDaemon;
import io.mokube.testkit.FreePort;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three etcd members, the services, two name servers and two nodes, from docker-compose.yml, used with kubectl. */
@Timeout(1800)
class ComposeTest {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final String BASE_IMAGE = "mokube/base:local";
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration READY_PATIENCE = Duration.ofMinutes(10);

    @TempDir
    private static Path folder;

    private static DockerDaemon docker;
    private static Map<String, String> environment;

    @BeforeAll
    static void up() throws IOException {
        for (String program : List.of("dockerd", "docker", "docker-compose", "debootstrap", "kubectl")) {
            Needs.part(program, onPath(program));
        }
        for (String module : List.of(
                "apiserver",
                "scheduler",
                "controller-manager",
                "kubelet-agent",
                "kube-proxy",
                "cluster-dns",
                "ingress")) {
            Needs.part("the built application of " + module, applicationBuilt(module));
        }
        docker = DockerDaemon.start();
        environment = new HashMap<>(docker.environment());
        environment.put("COMPOSE_PROJECT_NAME", "mokube-test");
        environment.put("MOKUBE_BASE_IMAGE", BASE_IMAGE);
        environment.put("MOKUBE_PORT", Integer.toString(FreePort.next()));
        // Everything comes from the base image; the builder of BuildKit is not part of every Docker.
        environment.put("DOCKER_BUILDKIT", "0");
        run(PROJECT.resolve("compose/base-image").toString(), BASE_IMAGE);
        // Once for each image: a second service of the same image would send all applications to the builder again.
        compose(
                "build",
                "--quiet",
                "etcd-1",
                "apiserver",
                "scheduler",
                "controller-manager",
                "dns-1",
                "ingress",
                "node-1",
                "proxy-1");
        compose("up", "--detach");
        Path kubeconfig = folder.resolve("admin.conf");
        String admin = Await.value(
                READY_PATIENCE,
                "the API server's administrator credentials",
                () -> Optional.of(compose("exec", "-T", "apiserver", "cat", "/cluster/admin.conf")));
        Files.writeString(kubeconfig, admin.replace("apiserver:6443", "localhost:" + environment.get("MOKUBE_PORT")));
        environment.put("KUBECONFIG", kubeconfig.toString());
    }

    @AfterAll
    static void down() {
        if (docker != null) {
            try {
                Files.writeString(
                        Files.createDirectories(Path.of("target", "test-logs")).resolve("compose-services.log"),
                        compose("logs", "--no-color"));
                compose("down", "--volumes", "--timeout", "10");
            } catch (IOException | AssertionError e) {
                // The daemon ends what is left.
                System.err.println("compose did not go down by itself: " + e.getMessage());
            } finally {
                docker.close();
            }
        }
    }

    @Test
    void aDeploymentRunsOnBothNodes() {
        Await.passes(
                READY_PATIENCE,
                () -> assertThat(run("kubectl", "get", "nodes", "--no-headers"))
                        .containsPattern("node-1 +Ready")
                        .containsPattern("node-2 +Ready"));
        loadDemoImage();

        run("kubectl", "create", "deployment", "web", "--image=" + DemoImage.NAME, "--replicas=4");
        run("kubectl", "rollout", "status", "deployment/web", "--timeout=180s");

        List<String> pods = run("kubectl", "get", "pods", "-l", "app=web", "-o", """
                        jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP}{"\\n"}{end}""")
                .lines()
                .toList();
        assertThat(pods).hasSize(4);
        assertThat(pods.stream().map(pod -> pod.split(" ")[1]).distinct())
                .containsExactlyInAnyOrder("node-1", "node-2");
        for (String pod : pods) {
            String name = pod.split(" ")[0];
            String address = pod.split(" ")[2];
            assertThat(run("kubectl", "logs", name)).contains(name + " serves on port 8080");
            for (String node : List.of("node-1", "node-2")) {
                assertThat(compose(
                                "exec", "-T", node, "busybox", "wget", "-q", "-O", "-", "http://" + address + ":8080/"))
                        .contains("Hello from " + name);
            }
        }

        podsReachEachOther(pods);
        namesAreAnswered(pods.getFirst().split(" ")[0]);
        theServiceAnswers(pods.getFirst().split(" ")[0]);

        run("kubectl", "delete", "deployment", "web", "--timeout=120s");
        Await.passes(
                READY_PATIENCE,
                () -> assertThat(run("kubectl", "get", "pods", "--no-headers")).doesNotContain("web-"));
    }

    /** On its cluster IP for a pod, and on its port of either node for the other node. */
    private static void theServiceAnswers(String pod) {
        run("kubectl", "expose", "deployment", "web", "--port=80", "--target-port=8080", "--type=NodePort");
        String clusterIp = run("kubectl", "get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
        String port = run("kubectl", "get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}");
        Await.passes(() -> assertThat(run(
                        "kubectl",
                        "exec",
                        pod,
                        "--",
                        "sh",
                        "-c",
                        "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 " + clusterIp + " 80"))
                .contains("Hello from web-"));
        for (String address : List.of("10.89.64.11", "10.89.64.12")) {
            Await.passes(() -> assertThat(compose(
                            "exec",
                            "-T",
                            "node-1",
                            "busybox",
                            "wget",
                            "-q",
                            "-O",
                            "-",
                            "http://" + address + ":" + port))
                    .contains("Hello from web-"));
        }
        run("kubectl", "delete", "service", "web");
    }

    /** From one node to the other, each seen under its own address. */
    private static void podsReachEachOther(List<String> pods) {
        String[] from = pods.getFirst().split(" ");
        String[] to = pods.stream()
                .map(pod -> pod.split(" "))
                .filter(pod -> !pod[1].equals(from[1]))
                .findFirst()
                .orElseThrow();
        assertThat(run("kubectl", "exec", from[0], "--", "wget", "-q", "-O", "-", "http://" + to[2] + ":8080/"))
                .contains("Hello from " + to[0]);
        Await.passes(() -> assertThat(run("kubectl", "logs", to[0])).contains(from[2]));
    }

    /** By both name servers, for a pod whose packets have to leave the cluster's addresses to reach them. */
    private static void namesAreAnswered(String pod) {
        for (String server : List.of("10.89.64.21", "10.89.64.22")) {
            Await.passes(
                    READY_PATIENCE,
                    () -> assertThat(run(
                                    "kubectl",
                                    "exec",
                                    pod,
                                    "--",
                                    "nslookup",
                                    "kube-dns.kube-system.svc.cluster.local",
                                    server))
                            .contains("10.96.0.10"));
        }
        assertThat(run("kubectl", "exec", pod, "--", "nslookup", "kube-dns.kube-system.svc.cluster.local"))
                .contains("10.96.0.10");
        assertThat(run("kubectl", "get", "endpointslices", "--namespace=kube-system", "--output=name"))
                .contains("kube-dns-dns-1", "kube-dns-dns-2");
    }

    private static void loadDemoImage() {
        Path archive = folder.resolve("demo.tar");
        DemoImage.write(archive);
        for (String node : List.of("node-1", "node-2")) {
            String container = compose("ps", "-q", node).strip();
            run("docker", "cp", archive.toString(), container + ":/tmp/demo.tar");
            String socket = "--address=/run/mokube/containerd/containerd.sock";
            compose("exec", "-T", node, "ctr", socket, "--namespace=k8s.io", "images", "import", "/tmp/demo.tar");
        }
    }

    private static String compose(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "docker-compose",
                "--file",
                PROJECT.resolve("docker-compose.yml").toString(),
                "--project-directory",
                PROJECT.toString()));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    /** Runs a command to its end and returns what it printed, which fails the test when the command does. */
    private static String run(String... command) {
        String name = Path.of(command[0]).getFileName().toString();
        try (ChildProcess process = ChildProcess.start(name, List.of(command), environment)) {
            int exit = process.awaitExit(PATIENCE);
            if (exit != 0) {
                throw new AssertionError(
                        "%s ended with %d:%n%s".formatted(String.join(" ", command), exit, process.log()));
            }
            return process.log();
        }
    }

    private static boolean onPath(String program) {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, program)));
    }

    private static boolean applicationBuilt(String module) throws IOException {
        Path target = PROJECT.resolve(module).resolve("target");
        if (!Files.isDirectory(target)) {
            return false;
        }
        try (Stream<Path> files = Files.list(target)) {
            return files.anyMatch(file -> file.getFileName().toString().endsWith("-application.jar"));
        }
    }
}
