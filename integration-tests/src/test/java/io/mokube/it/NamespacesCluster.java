package io.mokube.it;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher.ContainerdConfig;
import io.mokube.kubelet.runtime.cri.ImageArchive;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
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

/**
 * Three nodes as machines of their own: each has a network with its agent, its containerd and its kube-proxy, as processes
 * that can be killed one by one. The control plane and the name server run on this machine.
 *
 * <pre>
 *   this machine  10.91.R.1                        ┐
 *   node-1        10.91.R.11                       ├ link
 *   node-2        10.91.R.12                       │
 *   outside       10.91.R.2, forwards, 10.91.R.129 ┴ far link ─ node-3  10.91.R.131
 * </pre>
 *
 * With both address families each of them has an address that ends in the same number in {@code fd91:R::/64} too, or in
 * {@code fd91:R:1::/64} behind the router.
 *
 * <p>So pods of node-1 and node-2 reach each other by routes, and those of node-3 through a tunnel. {@code outside} is no node:
 * from there clients of other networks come. A node counts as unreachable when it was silent for 20 s.
 */
final class NamespacesCluster implements AutoCloseable {

    static final List<String> NODES = List.of("node-1", "node-2", "node-3");

    private static final Duration START = Duration.ofMinutes(4);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String PODS = "10.244.0.0/16";
    private static final String PODS_6 = "fd00:10:244::/48";
    private static final String SERVICES = "10.96.0.0/12";
    private static final String SERVICES_6 = "fd00:10:96::/112";
    private static final String FAR_NODE = "node-3";

    private final String tag =
            HexFormat.of().toHexDigits(RandomGenerator.getDefault().nextInt(), 4);
    private final int number = RandomGenerator.getDefault().nextInt(1, 256);
    private final String network = "10.91." + number + ".";
    private final String network6 = "fd91:" + number + ":";
    private final List<String> nodes;
    private final boolean dualStack;
    private final Path folder;
    private final Map<String, NetworkNamespace> namespaces = new LinkedHashMap<>();
    private final Map<String, List<String>> commands = new LinkedHashMap<>();
    private final Map<String, ChildProcess> processes = new LinkedHashMap<>();

    /**
     * Starts everything and waits until the nodes are ready.
     *
     * @param image what every node gets, under that name
     */
    static NamespacesCluster start(String imageName, ImageArchive image) {
        return start(new NamespacesCluster(NODES, false), imageName, image);
    }

    /** The same with fewer nodes, and with addresses of both families for nodes, pods and services. */
    static NamespacesCluster startDualStack(List<String> nodes, String imageName, ImageArchive image) {
        return start(new NamespacesCluster(nodes, true), imageName, image);
    }

    private static NamespacesCluster start(NamespacesCluster cluster, String imageName, ImageArchive image) {
        try {
            cluster.connect();
            cluster.launchAll();
            cluster.load(imageName, image);
            return cluster;
        } catch (RuntimeException | Error e) {
            cluster.close();
            throw e;
        }
    }

    private NamespacesCluster(List<String> nodes, boolean dualStack) {
        this.nodes = nodes;
        this.dualStack = dualStack;
        try {
            folder = Files.createTempDirectory("mokube-ns");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void connect() {
        NetworkNamespace outside = namespace("outside");
        outside.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
        outside.run("ip", "link", "add", "lan", "type", "bridge");
        outside.run("ip", "link", "set", "lan", "up");
        outside.run("ip", "address", "add", network + "2/25", "dev", "lan");
        machine("ip", "link", "add", "mk" + tag, "type", "veth", "peer", "name", "machine", "netns", pid(outside));
        outside.run("ip", "link", "set", "machine", "master", "lan", "up");
        machine("ip", "address", "add", address("machine") + "/25", "dev", "mk" + tag);
        machine("ip", "link", "set", "mk" + tag, "up");
        machine("ip", "route", "add", network + "128/25", "via", network + "2");
        for (String name : nodes) {
            NetworkNamespace node = namespace(name);
            outside.run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", pid(node));
            outside.run("ip", "link", "set", name, "up");
            if (name.equals(FAR_NODE)) {
                outside.run("ip", "address", "add", network + "129/25", "dev", name);
            } else {
                outside.run("ip", "link", "set", name, "master", "lan");
            }
            node.run("ip", "address", "add", address(name) + "/25", "dev", "eth0");
            node.run("ip", "link", "set", "eth0", "up");
            node.run("ip", "route", "add", "default", "via", network + (name.equals(FAR_NODE) ? "129" : "2"));
        }
        if (dualStack) {
            connectIpv6(outside);
        }
    }

    private void connectIpv6(NetworkNamespace outside) {
        outside.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
        outside.run("ip", "address", "add", address6("outside") + "/64", "dev", "lan", "nodad");
        for (String name : nodes) {
            boolean far = name.equals(FAR_NODE);
            String router = far ? network6 + "1::129" : address6("outside");
            if (far) {
                outside.run("ip", "address", "add", router + "/64", "dev", name, "nodad");
            }
            network(name).run("ip", "address", "add", address6(name) + "/64", "dev", "eth0", "nodad");
            network(name).run("ip", "-6", "route", "add", "default", "via", router);
        }
    }

    /** The values of both families where there are two. */
    private String both(String four, String six) {
        return dualStack ? four + "," + six : four;
    }

    private NetworkNamespace namespace(String name) {
        NetworkNamespace created = NetworkNamespace.create(name);
        namespaces.put(name, created);
        return created;
    }

    private static String pid(NetworkNamespace namespace) {
        return Long.toString(namespace.pid());
    }

    private static void machine(String... command) {
        Commands.run(List.of(command), Map.of(), PATIENCE).orFail();
    }

    private void launchAll() {
        int port = FreePort.next();
        List<String> apiServer = new ArrayList<>(List.of(
                "--mokube.port=" + port,
                "--mokube.advertise-address=" + address("machine"),
                "--mokube.public-uri=https://" + address("machine") + ":" + port,
                "--mokube.data-directory=" + folder));
        nodes.forEach(node -> apiServer.add("--mokube.nodes." + node + "=" + both(address(node), address6(node))));
        apiServer.add("--mokube.service-cidr=" + both(SERVICES, SERVICES_6));
        launch("apiserver", Applications.command("apiserver", apiServer));
        process("apiserver")
                .awaitReady(
                        START,
                        () -> Files.exists(folder.resolve("cluster-dns.conf"))
                                && Files.exists(folder.resolve("pod-network.conf"))
                                && Files.exists(folder.resolve("kube-proxy.conf")));
        for (String node : nodes) {
            launch("kubelet-" + node, network(node).enter(Applications.command("kubelet-agent", agent(node))));
        }
        launch(
                "controller-manager",
                Applications.command(
                        "controller-manager",
                        List.of(
                                "--mokube.kubeconfig=" + folder.resolve("controller-manager.conf"),
                                "--mokube.service-account-private-key-file=" + folder.resolve("pki/sa.key"),
                                "--mokube.allocate-node-cidrs=true",
                                "--mokube.cluster-cidr=" + both(PODS, PODS_6),
                                "--mokube.node-monitor-period=1s",
                                "--mokube.node-monitor-grace-period=20s",
                                "--mokube.load-balancer-pool=" + network + "64/28")));
        launch(
                "scheduler",
                Applications.command("scheduler", List.of("--mokube.kubeconfig=" + folder.resolve("scheduler.conf"))));
        launch(
                "dns",
                Applications.command(
                        "cluster-dns",
                        List.of(
                                "--mokube.kubeconfig=" + folder.resolve("cluster-dns.conf"),
                                "--mokube.instance=machine",
                                "--mokube.address=" + address("machine"),
                                "--mokube.port=" + FreePort.next())));
        for (String node : nodes) {
            launch(proxy(node), network(node).enter(Applications.command("kube-proxy", proxyOf(node))));
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
    }

    private List<String> agent(String node) {
        Path pki = folder.resolve("pki");
        return List.of(
                "--mokube.node-name=" + node,
                "--mokube.kubeconfig=" + folder.resolve("kubelet-" + node + ".conf"),
                "--mokube.serving-certificate=" + pki.resolve("kubelet-" + node + ".crt"),
                "--mokube.serving-key=" + pki.resolve("kubelet-" + node + ".key"),
                "--mokube.network-kubeconfig=" + folder.resolve("pod-network.conf"),
                "--mokube.address=" + both(address(node), address6(node)),
                "--mokube.root=" + folder.resolve(node),
                "--mokube.state=" + folder.resolve(node + "-run"),
                "--mokube.bridge=" + containerd(node).bridge(),
                "--mokube.pod-cidr=",
                "--mokube.cluster-cidr=" + both(PODS, PODS_6),
                "--mokube.cluster-dns=10.96.0.10");
    }

    private List<String> proxyOf(String node) {
        return List.of(
                "--mokube.kubeconfig=" + folder.resolve("kube-proxy.conf"),
                "--mokube.node-name=" + node,
                "--mokube.cluster-cidr=" + both(PODS, PODS_6),
                "--mokube.announce-load-balancers=true");
    }

    private static String proxy(String node) {
        return "kube-proxy-" + node;
    }

    private void launch(String name, List<String> command) {
        commands.put(name, command);
        processes.put(name, ChildProcess.start("namespaces-" + name, command, Map.of()));
    }

    private ChildProcess process(String name) {
        return Objects.requireNonNull(processes.get(name), name);
    }

    private ContainerdConfig containerd(String node) {
        return new ContainerdConfig(
                node,
                folder.resolve(node).resolve("containerd"),
                folder.resolve(node + "-run").resolve("containerd"),
                "mkit" + tag + (NODES.indexOf(node) + 1),
                List.of());
    }

    private void load(String name, ImageArchive image) {
        Path archive = folder.resolve("image.tar");
        image.write(name, archive);
        nodes.stream()
                .parallel()
                .forEach(node -> new ContainerdLauncher(containerd(node), Clock.system()).importImage(archive));
    }

    Path kubeconfig() {
        return folder.resolve("admin.conf");
    }

    /** The address of a node, of {@code outside} on the nodes' link, or of this {@code machine}. */
    String address(String name) {
        return network
                + switch (name) {
                    case "machine" -> 1;
                    case "outside" -> 2;
                    case FAR_NODE -> 131;
                    default -> 11 + NODES.indexOf(name);
                };
    }

    /** Their IPv6 addresses, of those that have one. */
    String address6(String name) {
        return network6
                + switch (name) {
                    case "outside" -> ":2";
                    case FAR_NODE -> "1::131";
                    default -> ":1" + (1 + NODES.indexOf(name));
                };
    }

    /** An address on the nodes' link that nobody has, the same for the same number below 16. */
    String freeAddress(int number) {
        return network + (96 + number);
    }

    /** A node's network, or that of {@code outside}. */
    NetworkNamespace network(String name) {
        return Objects.requireNonNull(namespaces.get(name), name);
    }

    /** Kills a node's kube-proxy as {@code kill -9} does; its rules stay in the kernel. */
    void killProxy(String node) {
        process(proxy(node)).kill();
    }

    /** Starts a node's kube-proxy again. */
    void startProxy(String node) {
        launch(proxy(node), Objects.requireNonNull(commands.get(proxy(node))));
    }

    /** Applies a manifest with kubectl. */
    void apply(String manifest) {
        Kubectl.any().apply(kubeconfig(), manifest);
    }

    /** Takes a node off the network, as when its cable is pulled. */
    void unplug(String node) {
        network("outside").run("ip", "link", "set", node, "down");
    }

    /** The cable is back. */
    void plugIn(String node) {
        network("outside").run("ip", "link", "set", node, "up");
    }

    @Override
    public void close() {
        processes.values().forEach(ChildProcess::close);
        for (String node : nodes) {
            if (Files.exists(containerd(node).root())) {
                new ContainerdLauncher(containerd(node), Clock.system()).stopWithContainers();
            }
        }
        namespaces.values().forEach(NetworkNamespace::close);
        Folders.delete(folder);
    }
}
