package io.mokube.kubelet.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.kubelet.runtime.ContainerConfig.Mount;
import io.mokube.kubelet.runtime.ContainerConfig.Resources;
import io.mokube.kubelet.runtime.ContainerConfig.Seccomp;
import io.mokube.kubelet.runtime.ContainerConfig.Security;
import io.mokube.kubelet.runtime.ContainerRuntime.RegistryLogin;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ProcessStreams.TerminalSize;
import io.mokube.kubelet.runtime.SandboxConfig.Dns;
import io.mokube.kubelet.runtime.SandboxConfig.Namespaces;
import io.mokube.kubelet.runtime.SandboxConfig.PortMapping;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.kubelet.runtime.docker.DockerConfig;
import io.mokube.kubelet.runtime.docker.DockerRuntime;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import io.mokube.testkit.FreePort;
import io.mokube.testkit.TestRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on a real Docker Engine, and what is particular to Docker. */
class DockerRuntimeTest extends ContainerRuntimeContract {

    private static @Nullable TestDocker docker;
    private static @Nullable DockerRuntime runtime;

    @BeforeAll
    static void start() {
        docker = TestDocker.start();
        runtime = docker.connect();
    }

    @AfterAll
    static void stop() {
        if (runtime != null) {
            runtime.close();
        }
        if (docker != null) {
            docker.close();
        }
    }

    @Override
    ContainerRuntime runtime() {
        return Objects.requireNonNull(runtime);
    }

    @Override
    String image() {
        return DemoImage.NAME;
    }

    private static final Map<String, String> LABELS = Map.of("mokube.io/test", "contract");
    private static final Resources NO_LIMITS = new Resources(0, 0, 0, 0, 0);

    private SandboxConfig sandbox(Namespaces namespaces, Dns dns, List<PortMapping> ports) {
        return new SandboxConfig(
                "web",
                UUID.randomUUID().toString(),
                "default",
                0,
                "web-host",
                logs.toString(),
                dns,
                ports,
                LABELS,
                Map.of(),
                "",
                namespaces,
                namespaces.hostNetwork() ? Map.of() : Map.of("net.ipv4.ip_unprivileged_port_start", "7"),
                false);
    }

    private static ContainerConfig container(
            Namespaces namespaces, Resources resources, Security security, List<Mount> mounts, String... command) {
        return new ContainerConfig(
                "main",
                0,
                DemoImage.NAME,
                List.of(command),
                List.of(),
                "/tmp",
                Map.of(),
                mounts,
                LABELS,
                Map.of(),
                "main/0.log",
                true,
                false,
                false,
                resources,
                security,
                namespaces);
    }

    private String start(SandboxConfig sandbox, ContainerConfig container) {
        String id = runtime().createContainer(runtime().runSandbox(sandbox), container, sandbox);
        runtime().startContainer(id);
        return id;
    }

    private String sleeper(SandboxConfig sandbox, Security security, Mount... mounts) {
        return start(sandbox, container(sandbox.namespaces(), NO_LIMITS, security, List.of(mounts), "sleep", "1000"));
    }

    private SandboxConfig plainSandbox() {
        return sandbox(Namespaces.OWN, Dns.HOST, List.of());
    }

    private String output(String id, String... command) {
        ContainerRuntime.ExecResult result = runtime().execSync(id, List.of(command), Duration.ofSeconds(10));
        return new String(result.stdout(), StandardCharsets.UTF_8)
                + new String(result.stderr(), StandardCharsets.UTF_8);
    }

    @Test
    void aContainerSeesItsSandboxsNetworkHostnameAndNames() {
        Dns dns = new Dns(List.of("10.96.0.10", "10.96.0.11"), List.of("default.svc.x", "x"), List.of("ndots:5"));
        String id = sleeper(sandbox(Namespaces.OWN, dns, List.of()), Security.DEFAULT);
        assertThat(output(id, "hostname")).isEqualTo("web-host\n");
        assertThat(output(id, "cat", "/etc/resolv.conf"))
                .isEqualTo("nameserver 10.96.0.10\nnameserver 10.96.0.11\nsearch default.svc.x x\noptions ndots:5\n");
        assertThat(output(id, "cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"))
                .isEqualTo("7\n");
        assertThat(output(id, "pwd")).isEqualTo("/tmp\n");
        assertThat(output(id, "ls", "/proc").lines().filter(name -> name.matches("\\d+")))
                .contains("1")
                .hasSizeLessThan(4);
    }

    @Test
    void theHostsNamespacesAreSharedOnDemand() throws IOException {
        Namespaces host = new Namespaces(true, true, true, false, "");
        SandboxConfig sandbox = sandbox(host, Dns.HOST, List.of());
        String id = sleeper(sandbox, Security.DEFAULT);
        for (String namespace : List.of("net", "pid", "ipc", "uts")) {
            assertThat(output(id, "readlink", "/proc/self/ns/" + namespace).strip())
                    .isEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns", namespace))
                            .toString());
        }
        assertThat(runtime().listSandboxes(LABELS))
                .singleElement()
                .satisfies(each -> assertThat(
                                runtime().sandboxStatus(each.id()).orElseThrow().addresses())
                        .isEmpty());
    }

    @Test
    void processesAreSharedInTheSandboxOrWithAnotherContainer() {
        Namespaces shared = new Namespaces(false, false, false, true, "");
        SandboxConfig sandbox = sandbox(shared, Dns.HOST, List.of());
        String id = sleeper(sandbox, Security.DEFAULT);
        assertThat(output(id, "cat", "/proc/1/cmdline")).contains("sleep 2147483647");
        SandboxConfig other = plainSandbox();
        String target = sleeper(other, Security.DEFAULT);
        String sandboxId = runtime().listContainers(LABELS).stream()
                .filter(each -> each.id().equals(target))
                .findFirst()
                .orElseThrow()
                .sandboxId();
        ContainerConfig config = container(
                Namespaces.OWN.withProcessesOf(target), NO_LIMITS, Security.DEFAULT, List.of(), "sleep", "77");
        ContainerConfig debugger = new ContainerConfig(
                "debugger",
                0,
                config.image(),
                config.command(),
                List.of(),
                "",
                Map.of(),
                List.of(),
                LABELS,
                Map.of(),
                "debugger/0.log",
                false,
                false,
                false,
                NO_LIMITS,
                Security.DEFAULT,
                config.namespaces());
        String debuggerId = runtime().createContainer(sandboxId, debugger, other);
        runtime().startContainer(debuggerId);
        assertThat(output(target, "ps")).contains("sleep 77");
    }

    @Test
    void aSecurityContextIsEnforced() {
        Security strict = new Security(
                OptionalLong.of(1234),
                OptionalLong.of(4321),
                List.of(77L),
                false,
                true,
                true,
                List.of("NET_BIND_SERVICE"),
                List.of("ALL"),
                Optional.of(new Seccomp("RuntimeDefault", "")));
        String id = sleeper(plainSandbox(), strict);
        assertThat(output(id, "id")).startsWith("uid=1234 gid=4321").contains("77");
        assertThat(output(id, "touch", "/x")).contains("Read-only file system");
        assertThat(output(id, "cat", "/proc/1/status"))
                .containsPattern("CapBnd:\t0+400\n")
                .contains("NoNewPrivs:\t1\n")
                .contains("Seccomp:\t2\n");
        String lax = sleeper(plainSandbox(), Security.DEFAULT);
        assertThat(output(lax, "cat", "/proc/1/status")).contains("Seccomp:\t0\n");
        assertThatThrownBy(() -> sleeper(plainSandbox(), security(false, "FLY")))
                .hasMessage("unknown capability \"FLY\"");
    }

    private static Security security(boolean privileged, String... capabilities) {
        Security none = Security.DEFAULT;
        return new Security(
                none.runAsUser(),
                none.runAsGroup(),
                none.supplementalGroups(),
                privileged,
                none.readOnlyRoot(),
                none.noNewPrivileges(),
                List.of(capabilities),
                none.dropCapabilities(),
                none.seccomp());
    }

    /** Where root lacks capabilities, as in many containers, Docker can't start one; elsewhere it runs. */
    @Test
    void aPrivilegedContainerRunsOrSaysWhyNot() {
        Security privileged = security(true);
        try {
            String id = sleeper(plainSandbox(), privileged);
            assertThat(output(id, "ls", "/dev/mem")).isEqualTo("/dev/mem\n");
        } catch (RuntimeCallException e) {
            assertThat(e.text()).contains("unable to apply caps: operation not permitted");
            ContainerSummary left = runtime().listContainers(LABELS).getFirst();
            ContainerStatus status = runtime().containerStatus(left.id()).orElseThrow();
            assertThat(status.state()).isEqualTo(State.EXITED);
            assertThat(status.reason()).isEqualTo("ContainerCannotRun");
            assertThat(status.message()).contains("unable to apply caps");
        }
    }

    @Test
    void limitsHoldAndTheKernelsKillIsTold() {
        Resources little = new Resources(100_000, 50_000, 102, 16 << 20, 500);
        SandboxConfig sandbox = plainSandbox();
        String id = start(
                sandbox,
                container(
                        Namespaces.OWN,
                        little,
                        Security.DEFAULT,
                        List.of(),
                        "sh",
                        "-c",
                        "while [ ! -e /tmp/go ]; do usleep 10000; done; exec tail /dev/zero"));
        assertThat(output(id, "cat", "/proc/1/oom_score_adj")).isEqualTo("500\n");
        assertThat(output(
                        id,
                        "sh",
                        "-c",
                        "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2> /dev/null || cat /sys/fs/cgroup/cpu.max"))
                .startsWith("50000");
        output(id, "touch", "/tmp/go");
        Await.until(
                Duration.ofSeconds(30),
                "the container ends",
                () -> runtime().containerStatus(id).orElseThrow().state() == State.EXITED);
        ContainerStatus status = runtime().containerStatus(id).orElseThrow();
        assertThat(status.outOfMemory()).isTrue();
        assertThat(status.exitCode()).isEqualTo(137);
    }

    @Test
    void foldersOfTheHostAreMountedAsAsked() throws IOException {
        Path folder = logs.resolve("a:b");
        Mount writable = new Mount("/rw", folder.toString(), false, Mount.Propagation.PRIVATE);
        Mount readOnly = new Mount("/ro", folder.toString(), true, Mount.Propagation.PRIVATE);
        String id = sleeper(plainSandbox(), Security.DEFAULT, writable, readOnly);
        output(id, "sh", "-c", "echo x > /rw/made");
        assertThat(Files.readString(folder.resolve("made"))).isEqualTo("x\n");
        assertThat(output(id, "sh", "-c", "cat /ro/made; echo y > /ro/made"))
                .startsWith("x\n")
                .contains("Read-only file system");
        assertThatThrownBy(() -> sleeper(
                        plainSandbox(),
                        Security.DEFAULT,
                        new Mount("/x", "/proc/self/absent", false, Mount.Propagation.PRIVATE)))
                .isInstanceOf(RuntimeCallException.class)
                .hasMessageContaining("/proc/self/absent");
    }

    @Test
    void aPortOfTheHostLeadsIntoTheSandbox() {
        int port = FreePort.next();
        SandboxConfig sandbox =
                sandbox(Namespaces.OWN, Dns.HOST, List.of(new PortMapping("TCP", 7000, port, "127.0.0.1")));
        start(
                sandbox,
                container(
                        Namespaces.OWN,
                        NO_LIMITS,
                        Security.DEFAULT,
                        List.of(),
                        "httpd",
                        "-f",
                        "-p",
                        "7000",
                        "-h",
                        "/"));
        Await.until("the port answers", () -> {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.getOutputStream().write("GET /absent HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8).contains(" 404 ");
            } catch (IOException e) {
                return false;
            }
        });
    }

    @Test
    void aTerminalHasItsSize() {
        String id = sleeper(plainSandbox(), Security.DEFAULT);
        Queue<TerminalSize> sizes = new ArrayDeque<>(List.of(new TerminalSize(123, 45)));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int code = runtime()
                .exec(
                        id,
                        List.of(
                                "sh",
                                "-c",
                                "while [ \"$(stty size 2> /dev/null)\" != '45 123' ]; do usleep 10000; done; stty size"),
                        new ProcessStreams(true, null, output, null, sizes::poll));
        assertThat(code).isZero();
        assertThat(output.toString(StandardCharsets.UTF_8)).isEqualTo("45 123\r\n");
    }

    @Test
    void whoeverAttachesTalksToTheMainProcess() throws Exception {
        String id = start(
                plainSandbox(), container(Namespaces.OWN, NO_LIMITS, Security.DEFAULT, List.of(), "head", "-n", "1"));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        runtime()
                .attach(
                        id,
                        new ProcessStreams(
                                false,
                                new ByteArrayInputStream("hello\n".getBytes(StandardCharsets.UTF_8)),
                                output,
                                null,
                                ProcessStreams.Resizes.NONE));
        assertThat(output.toString(StandardCharsets.UTF_8)).isEqualTo("hello\n");
    }

    @Test
    void aCommandThatTakesTooLongIsKilled() {
        String id = sleeper(plainSandbox(), Security.DEFAULT);
        assertThatThrownBy(() -> runtime().execSync(id, List.of("sleep", "333"), Duration.ofSeconds(1)))
                .isInstanceOfSatisfying(
                        RuntimeCallException.class,
                        e -> assertThat(e.kind()).isEqualTo(RuntimeCallException.Kind.TIMEOUT))
                .hasMessage("command \"sleep 333\" timed out after 1 s");
        Await.passes(() -> assertThat(output(id, "ps")).doesNotContain("sleep 333"));
    }

    @Test
    void aCommandThatIsNotThereIsNamed() {
        String id = sleeper(plainSandbox(), Security.DEFAULT);
        assertThat(runtime()
                        .execSync(id, List.of("absent"), Duration.ofSeconds(10))
                        .exitCode())
                .isIn(126, 127);
        assertThatThrownBy(() -> start(
                        plainSandbox(), container(Namespaces.OWN, NO_LIMITS, Security.DEFAULT, List.of(), "absent")))
                .hasMessageContaining("absent");
    }

    @Test
    void aPortThatNobodyListensOnIsNamed() {
        SandboxConfig sandbox = plainSandbox();
        String id = runtime().runSandbox(sandbox);
        assertThatThrownBy(() -> runtime()
                        .portForward(id, 7001, new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream()))
                .isInstanceOf(RuntimeCallException.class)
                .hasMessageContaining("failed to connect to localhost:7001 inside the pod");
    }

    @Test
    void anotherClustersContainersAreAsGoodAsAbsent() {
        SandboxConfig sandbox = plainSandbox();
        String id = sleeper(sandbox, Security.DEFAULT);
        DockerConfig own = docker().config();
        DockerConfig others = new DockerConfig(own.socket(), "mkother", "10.149.0.0/24", "10.149.0.0/24");
        try (DockerRuntime other = new DockerRuntime(others, Clock.system())) {
            assertThat(other.listSandboxes(LABELS)).isEmpty();
            assertThat(other.listContainers(LABELS)).isEmpty();
            assertThat(other.containerStatus(id)).isEmpty();
        }
    }

    @Test
    void nodesShareANetworkWithAddressesOfTheirOwn() {
        DockerConfig own = docker().config();
        String network = "mktwo" + ProcessHandle.current().pid() % 1_000_000;
        try {
            for (int node = 1; node <= 2; node++) {
                DockerConfig config =
                        new DockerConfig(own.socket(), network, "10.148.0.0/16", "10.148." + node + ".0/30");
                try (DockerRuntime runtime = new DockerRuntime(config, Clock.system())) {
                    String first = runtime.runSandbox(plainSandbox());
                    String second = runtime.runSandbox(plainSandbox());
                    assertThat(runtime.sandboxStatus(first).orElseThrow().addresses())
                            .containsExactly("10.148." + node + ".1");
                    assertThat(runtime.sandboxStatus(second).orElseThrow().addresses())
                            .containsExactly("10.148." + node + ".2");
                    assertThatThrownBy(() -> runtime.runSandbox(plainSandbox()))
                            .hasMessage("all addresses of " + config.podCidr() + " are in use");
                    runtime.stopSandbox(first);
                    assertThat(runtime.sandboxStatus(runtime.runSandbox(plainSandbox()))
                                    .orElseThrow()
                                    .addresses())
                            .containsExactly("10.148." + node + ".1");
                }
            }
        } finally {
            docker().engine().removeAll(network);
        }
    }

    @Test
    void theNetworkIsMadeAgainAndOneWithOtherAddressesRefused() {
        docker().engine().removeAll(docker().config().network());
        assertThat(runtime().status().networkReady()).isTrue();
        DockerConfig own = docker().config();
        DockerConfig wrong = new DockerConfig(own.socket(), own.network(), "10.147.0.0/24", "10.147.0.0/24");
        try (DockerRuntime runtime = new DockerRuntime(wrong, Clock.system())) {
            assertThat(runtime.status().networkReady()).isFalse();
            assertThat(runtime.status().message())
                    .contains("has the addresses " + own.subnet() + ", not 10.147.0.0/24");
        }
    }

    @Test
    void imagesArePulledWithCredentialsAndRemoved() throws IOException {
        Path demo = logs.resolve("demo.tar");
        DemoImage.write(demo);
        try (TestRegistry registry = TestRegistry.start(demo, logs)) {
            assertThatThrownBy(() -> runtime().pullImage(registry.image(), Optional.empty()))
                    .hasMessageContaining(registry.image())
                    .hasMessageContaining("no basic auth credentials");
            RegistryLogin login =
                    new RegistryLogin(TestRegistry.USER, TestRegistry.PASSWORD, "http://" + registry.image());
            String id = runtime().pullImage(registry.image(), Optional.of(login));
            Image image = runtime().imageStatus(registry.image()).orElseThrow();
            assertThat(image.id()).isEqualTo(id);
            assertThat(image.digests()).singleElement().asString().startsWith("127.0.0.1:");
            runtime().removeImage(registry.image());
            runtime().removeImage(registry.image());
            assertThat(runtime().imageStatus(registry.image())).isEmpty();
        }
    }

    @Test
    void aCrashOfTheEngineEndsContainersAndTheConnectionIsMadeAgain() {
        SandboxConfig sandbox = plainSandbox();
        String id = sleeper(sandbox, Security.DEFAULT);
        docker().daemon().kill();
        assertThatThrownBy(() -> runtime().listContainers(LABELS))
                .isInstanceOfSatisfying(
                        RuntimeCallException.class,
                        e -> assertThat(e.kind()).isEqualTo(RuntimeCallException.Kind.UNAVAILABLE));
        docker().daemon().startAgain();
        Await.until(
                "the engine answers",
                () -> runtime().containerStatus(id).orElseThrow().state() == State.EXITED);
        assertThat(runtime().listSandboxes(LABELS)).noneMatch(Sandbox::ready);
        sleeper(plainSandbox(), Security.DEFAULT);
    }

    private static TestDocker docker() {
        return Objects.requireNonNull(docker);
    }
}
