package io.mokube.it;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher.ContainerdConfig;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import io.mokube.testkit.EtcdProcess;
import io.mokube.testkit.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The four services as processes of their own, each its Spring Boot application, with a real etcd. Each node has a
 * containerd that its agent starts. A node counts as unreachable when it was silent for 20 s.
 */
final class ServicesCluster implements TestCluster {

    private static final Duration START = Duration.ofMinutes(4);
    private static final String NODE_PREFIX = "kubelet-";

    private final String tag =
            HexFormat.of().toHexDigits(RandomGenerator.getDefault().nextInt(), 4);
    private final int network = RandomGenerator.getDefault().nextInt(1, 255);
    private final Path folder;
    private final List<String> nodes;
    private final EtcdProcess etcd;
    private final Map<String, Service> services = new LinkedHashMap<>();

    /** A service's process, and the command that starts it. */
    private record Service(List<String> command, ChildProcess process) {}

    /** Starts everything and waits until the nodes are ready and have the demo image. */
    static ServicesCluster start(int nodes) {
        ServicesCluster cluster = new ServicesCluster(nodes);
        try {
            cluster.begin();
            return cluster;
        } catch (IOException e) {
            cluster.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | AssertionError e) {
            cluster.close();
            throw e;
        }
    }

    private ServicesCluster(int nodes) {
        try {
            folder = Files.createTempDirectory("mokube-services");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.nodes =
                Stream.iterate(1, i -> i + 1).limit(nodes).map(i -> "node-" + i).toList();
        etcd = EtcdProcess.start();
    }

    private void begin() throws IOException {
        List<String> apiServer = new ArrayList<>(List.of(
                "--mokube.bind-address=127.0.0.1",
                "--mokube.port=" + FreePort.next(),
                "--mokube.data-directory=" + folder,
                "--mokube.etcd-endpoints=" + etcd.endpoint()));
        nodes.forEach(node -> apiServer.add("--mokube.nodes." + node + "=127.0.0.1,localhost," + node));
        launch("apiserver", "apiserver", apiServer);
        Await.until(
                START,
                "the API server wrote its kubeconfig files",
                () -> nodes.stream().allMatch(node -> Files.exists(folder.resolve(NODE_PREFIX + node + ".conf"))));
        launch("scheduler", "scheduler", List.of("--mokube.kubeconfig=" + folder.resolve("scheduler.conf")));
        launch(
                "controller-manager",
                "controller-manager",
                List.of(
                        "--mokube.kubeconfig=" + folder.resolve("controller-manager.conf"),
                        "--mokube.cluster-signing-cert-file=" + folder.resolve("pki/ca.crt"),
                        "--mokube.cluster-signing-key-file=" + folder.resolve("pki/ca.key"),
                        "--mokube.service-account-private-key-file=" + folder.resolve("pki/sa.key"),
                        "--mokube.node-monitor-period=1s",
                        "--mokube.node-monitor-grace-period=20s"));
        for (String node : nodes) {
            launch(
                    NODE_PREFIX + node,
                    "kubelet-agent",
                    List.of(
                            "--mokube.node-name=" + node,
                            "--mokube.kubeconfig=" + folder.resolve(NODE_PREFIX + node + ".conf"),
                            "--mokube.serving-certificate="
                                    + folder.resolve("pki").resolve(NODE_PREFIX + node + ".crt"),
                            "--mokube.serving-key=" + folder.resolve("pki").resolve(NODE_PREFIX + node + ".key"),
                            "--mokube.port=0",
                            "--mokube.root=" + folder.resolve(node),
                            "--mokube.state=" + folder.resolve(node + "-run"),
                            "--mokube.bridge=" + containerd(node).bridge(),
                            "--mokube.pod-cidr=" + containerd(node).podCidrs().getFirst()));
        }
        Await.until(
                START,
                "all nodes are ready",
                () -> Kubectl.any()
                                .ok(kubeconfig(), "get", "nodes", "--no-headers")
                                .lines()
                                .filter(line -> line.matches("\\S+ +Ready .*"))
                                .count()
                        == nodes.size());
        Path archive = folder.resolve("demo.tar");
        for (String image : List.of(DemoImage.NAME, DemoImage.NEXT_NAME)) {
            DemoImage.write(image, archive);
            nodes.forEach(node -> new ContainerdLauncher(containerd(node), Clock.system()).importImage(archive));
        }
    }

    private void launch(String name, String module, List<String> arguments) {
        List<String> command = Applications.command(module, arguments);
        services.put(name, new Service(command, ChildProcess.start("services-" + name, command, Map.of())));
    }

    private ContainerdConfig containerd(String node) {
        int number = nodes.indexOf(node) + 1;
        return new ContainerdConfig(
                node,
                folder.resolve(node).resolve("containerd"),
                folder.resolve(node + "-run").resolve("containerd"),
                "mkit" + tag + number,
                List.of("10.19" + number + "." + network + ".0/24"));
    }

    @Override
    public Path kubeconfig() {
        return folder.resolve("admin.conf");
    }

    @Override
    public List<String> nodes() {
        return nodes;
    }

    @Override
    public Cri cri() {
        return new Cri(nodes.stream().map(node -> containerd(node).socket()).toList());
    }

    @Override
    public List<Part> parts() {
        return List.of(Part.API_SERVER, Part.SCHEDULER, Part.CONTROLLER_MANAGER, Part.KUBELETS);
    }

    @Override
    public void killAndRestart(Part part) {
        switch (part) {
            case API_SERVER -> killAndRestart("apiserver");
            case SCHEDULER -> killAndRestart("scheduler");
            case CONTROLLER_MANAGER -> killAndRestart("controller-manager");
            case KUBELETS -> nodes.forEach(node -> killAndRestart(NODE_PREFIX + node));
            case EVERYTHING -> List.copyOf(services.keySet()).forEach(this::killAndRestart);
        }
    }

    private void killAndRestart(String name) {
        Service killed = service(name);
        killed.process().kill();
        ChildProcess again = ChildProcess.start("services-" + name + "-again", killed.command(), Map.of());
        services.put(name, new Service(killed.command(), again));
    }

    /** Makes a node fall silent for good: its agent is killed, its containers are left alone. */
    void silence(String node) {
        service(NODE_PREFIX + node).process().kill();
    }

    private Service service(String name) {
        return Objects.requireNonNull(services.get(name), name);
    }

    @Override
    public void close() {
        services.values().forEach(service -> service.process().stop(Duration.ofSeconds(10)));
        for (String node : nodes) {
            if (Files.exists(containerd(node).root())) {
                ContainerdLauncher launcher = new ContainerdLauncher(containerd(node), Clock.system());
                launcher.start();
                launcher.stopWithContainers();
            }
        }
        etcd.close();
        Folders.delete(folder);
    }
}
