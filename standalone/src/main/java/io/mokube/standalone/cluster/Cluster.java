package io.mokube.standalone.cluster;

import io.fabric8.kubernetes.api.model.Node;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.StoreConfig;
import io.mokube.apiserver.peers.AdvertisedAddress;
import io.mokube.apiserver.pki.ClusterCertificates.NodeCredentials;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ListOptions;
import io.mokube.controllermanager.ClusterKeys;
import io.mokube.controllermanager.ControllerManager;
import io.mokube.controllermanager.ControllerManagerConfig;
import io.mokube.controllermanager.controllers.loadbalancer.AddressPool;
import io.mokube.controllermanager.controllers.nodeipam.NodeIpamConfig;
import io.mokube.dns.ClusterDns;
import io.mokube.dns.ClusterDnsConfig;
import io.mokube.dns.endpoint.EndpointConfig;
import io.mokube.dns.forward.ResolvConf;
import io.mokube.ingress.IngressConfig;
import io.mokube.ingress.IngressRouter;
import io.mokube.kubelet.Kubelet;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.network.NodeBridge;
import io.mokube.kubelet.network.PodNetwork;
import io.mokube.kubelet.network.PodNetworkConfig;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.docker.DockerConfig;
import io.mokube.kubelet.runtime.docker.DockerRuntime;
import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.runtime.hollow.HollowScript;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.proxy.KubeProxy;
import io.mokube.proxy.KubeProxyConfig;
import io.mokube.proxy.announce.AnnouncerConfig;
import io.mokube.proxy.announce.LoadBalancerAnnouncer;
import io.mokube.scheduler.Scheduler;
import io.mokube.scheduler.SchedulerConfig;
import io.mokube.scheduler.config.SchedulerConfiguration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All components of a cluster in one JVM. They meet over REST, as they do when each is a process of its own.
 *
 * <p>Started and stopped once; the two may be called from different threads.
 */
public final class Cluster {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final Duration POLL = Duration.ofMillis(50);

    private final ClusterConfig config;
    private final Platform platform;
    private final Consumer<String> progress;
    private final ClusterFolder folder;

    /** What was started, in that order; stopped the other way round. */
    private final List<Component> running = new ArrayList<>();

    private final List<ContainerdLauncher> containerds = new ArrayList<>();
    private boolean stopped;

    /**
     * @param progress hears a line, written for the user, when a step begins that may take a while
     */
    public Cluster(ClusterConfig config, Platform platform, Consumer<String> progress) {
        this.config = config;
        this.platform = platform;
        this.progress = progress;
        folder = new ClusterFolder(config.folder());
    }

    /**
     * Starts every component; nodes become ready by themselves afterwards.
     *
     * @throws ComponentException when one can't start; what was started before it is stopped again
     */
    public synchronized void start() {
        try {
            folder.describe(config, "");
            ApiServer apiServer = start(new ApiServer(apiServerConfig(), platform));
            folder.describe(config, apiServer.publicUri().toString());
            copyKubeconfig(apiServer.certificates().adminKubeconfig());
            start(new Scheduler(schedulerConfig(apiServer), platform));
            start(new ControllerManager(
                    ControllerManagerConfig.standard(clientConfig(apiServer, "controller-manager"))
                            .withNodeIpam(podRanges())
                            .withLoadBalancerPool(loadBalancerPool())
                            .withKeys(ClusterKeys.of(folder.path().resolve("pki")))
                            .withHostPathVolumes(folder.volumes()),
                    platform));
            if (config.runtime() == RuntimeKind.DOCKER) {
                new DockerNodes(folder).claim(config.docker());
            }
            // Before the nodes, and so stopped after them: pods have services to their end.
            if (config.nodes() > 0) {
                start(new KubeProxy(proxyConfig(apiServer), platform));
            }
            if (hasContainers()) {
                start(new LoadBalancerAnnouncer(announcerConfig(apiServer), platform));
            }
            for (int node = 1; node <= config.nodes(); node++) {
                startNode(apiServer, node);
            }
            nameServers(apiServer).forEach(each -> start(new ClusterDns(each, platform)));
            if (hasContainers()) {
                IngressConfig ingress = IngressConfig.at(clientConfig(apiServer, "ingress"), "node-1", podsAddress(1));
                start(new IngressRouter(ingress.onNode("node-1"), platform));
            }
        } catch (ComponentException e) {
            stop(Duration.ZERO);
            throw e;
        }
    }

    private boolean hasContainers() {
        return config.nodes() > 0 && config.runtime() != RuntimeKind.HOLLOW;
    }

    private SchedulerConfig schedulerConfig(ApiServer apiServer) {
        ClientConfig client = clientConfig(apiServer, "scheduler");
        if (config.schedulerFile() == null) {
            return SchedulerConfig.of(client);
        }
        try {
            return SchedulerConfig.of(client, SchedulerConfiguration.read(config.schedulerFile()));
        } catch (IllegalArgumentException e) {
            throw new ComponentException(String.valueOf(e.getMessage()), e);
        }
    }

    /** The nodes of this cluster bring their ranges; one that joins it later may bring none. */
    private NodeIpamConfig podRanges() {
        return new NodeIpamConfig(
                folder.layout().clusterRanges(config.dualStack()).stream()
                        .map(range -> NodeIpamConfig.Range.of(range.toString()))
                        .toList(),
                Stream.concat(
                                NodeLayout.serviceCidrs(config.dualStack()).stream(),
                                Stream.of(folder.layout().loadBalancerCidr()))
                        .toList());
    }

    private AddressPool loadBalancerPool() {
        return AddressPool.parse(
                config.loadBalancerPool().isEmpty()
                        ? List.of(folder.layout().loadBalancerCidr())
                        : config.loadBalancerPool());
    }

    /** One place for all nodes, as with the rules. */
    private AnnouncerConfig announcerConfig(ApiServer apiServer) {
        return new AnnouncerConfig(
                clientConfig(apiServer, "kube-proxy"),
                Set.copyOf(config.nodeNames()),
                folder.layout().loadBalancerDevice(),
                Optional.empty());
    }

    private <C extends Component> C start(C component) {
        log.atInfo()
                .setMessage("starting")
                .addKeyValue("component", component.name())
                .log();
        component.start();
        running.add(component);
        return component;
    }

    private ApiServerConfig apiServerConfig() {
        StoreConfig store =
                switch (config.store()) {
                    case EMBEDDED -> new StoreConfig.Embedded(folder.store());
                    case MEMORY -> new StoreConfig.InMemory();
                    case ETCD -> new StoreConfig.Etcd(etcdEndpoints(), null, null, null);
                };
        Optional<InetAddress> advertised = advertisedAddress();
        return new ApiServerConfig(
                        // Pods have a loopback of their own.
                        advertised.isPresent() ? "0.0.0.0" : "127.0.0.1",
                        config.port(),
                        folder.path(),
                        store,
                        null,
                        List.of(),
                        List.of(),
                        String.join(",", NodeLayout.serviceCidrs(config.dualStack())),
                        null,
                        OptionalInt.empty())
                .withAdvertiseAddress(
                        advertised.map(InetAddress::getHostAddress).orElse(null))
                .withAudit(config.audit());
    }

    private Optional<InetAddress> advertisedAddress() {
        InetAddress family = InetAddress.ofLiteral("0.0.0.0");
        try {
            return AdvertisedAddress.of(config.advertiseAddress(), "0.0.0.0", family);
        } catch (IllegalArgumentException e) {
            throw new ComponentException("no address to advertise: " + config.advertiseAddress(), e);
        }
    }

    private List<URI> etcdEndpoints() {
        if (!config.etcdEndpoints().isEmpty()) {
            return config.etcdEndpoints().stream().map(URI::create).toList();
        }
        progress.accept("Starting etcd");
        LocalEtcd etcd = start(new LocalEtcd(folder.etcd(), folder.path().resolve("etcd.log")));
        return List.of(etcd.clientUrl());
    }

    private void copyKubeconfig(Path admin) {
        try {
            Files.copy(
                    admin,
                    folder.kubeconfig(),
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES);
        } catch (IOException e) {
            throw new ComponentException("can't write " + folder.kubeconfig() + ": " + e.getMessage(), e);
        }
    }

    private static ClientConfig clientConfig(ApiServer apiServer, String component) {
        return ClientConfig.fromKubeconfig(apiServer.certificates().kubeconfig(component));
    }

    /** All nodes share this machine's network stack, so one proxy does for all. */
    private KubeProxyConfig proxyConfig(ApiServer apiServer) {
        KubeProxyConfig.Mode mode =
                switch (config.runtime()) {
                    case CONTAINERD, DOCKER -> KubeProxyConfig.Mode.NFTABLES;
                    case HOLLOW -> KubeProxyConfig.Mode.HOLLOW;
                };
        return KubeProxyConfig.of(clientConfig(apiServer, "kube-proxy"), "node-1")
                .withMode(mode)
                .withClusterCidrs(folder.layout().clusterRanges(config.dualStack()))
                .onSharedHost(Set.copyOf(config.nodeNames()), folder.layout().ruleTable());
    }

    private void startNode(ApiServer apiServer, int node) {
        String name = "node-" + node;
        List<String> addresses = folder.layout().nodeAddresses(config.runtime(), node, config.dualStack());
        List<String> names = new ArrayList<>(addresses);
        names.addAll(List.of("127.0.0.1", "localhost", name));
        NodeCredentials credentials = apiServer.certificates().issueNode(name, names, apiServer.publicUri());
        if (config.runtime() == RuntimeKind.CONTAINERD) {
            startPodNetwork(apiServer, node);
        }
        KubeletConfig kubelet = KubeletConfig.of(
                        name,
                        ClientConfig.fromKubeconfig(credentials.kubeconfig()),
                        runtime(node),
                        folder.kubelet(name))
                .withServer(new KubeletConfig.Server(
                        0,
                        Optional.of(read(credentials.servingCertificate())),
                        Optional.of(read(credentials.servingKey())),
                        Optional.of(read(credentials.authority()))))
                .withAddresses(addresses)
                .withDns(new KubeletConfig.Dns(
                        List.of(ClusterDnsConfig.DEFAULT_SERVICE_ADDRESS), ClusterDnsConfig.DEFAULT_DOMAIN))
                .withPodCidrs(folder.layout().podRanges(node, config.dualStack()).stream()
                        .map(Cidr::toString)
                        .toList())
                .withPolicy(policy());
        if (config.runtime() == RuntimeKind.CONTAINERD) {
            kubelet = kubelet.withCgroupParent(folder.layout().cgroup(node));
        }
        start(new Kubelet(kubelet, platform));
    }

    private NodePolicy policy() {
        if (config.kubeletFile() == null) {
            return NodePolicy.SHARED_MACHINE;
        }
        try {
            return NodePolicy.read(config.kubeletFile());
        } catch (IllegalArgumentException e) {
            throw new ComponentException(String.valueOf(e.getMessage()), e);
        }
    }

    /** At which address pods reach what listens on this machine. */
    private String podsAddress(int node) {
        return folder.layout().hostAddress(config.runtime(), node);
    }

    /** The node's bridge is there before the node: its address is the node's. */
    private void startPodNetwork(ApiServer apiServer, int node) {
        NodeLayout layout = folder.layout();
        ContainerdLauncher.ContainerdConfig containerd = layout.containerd(node);
        NodeBridge bridge = new NodeBridge(containerd.bridge());
        layout.podRanges(node, config.dualStack()).forEach(bridge::ensure);
        start(new PodNetwork(
                new PodNetworkConfig(
                        clientConfig(apiServer, "pod-network"),
                        "node-" + node,
                        layout.clusterRanges(config.dualStack()),
                        Optional.of(new PodNetworkConfig.Bridge(
                                containerd.bridge(), containerd.cniFolder(), containerd.addressFolder()))),
                platform));
    }

    /**
     * Two where there are several nodes: each at an address by which pods reach this machine, on any free port, since
     * packets to the service are led there wherever it is. Hollow pods ask nobody.
     */
    private List<ClusterDnsConfig> nameServers(ApiServer apiServer) {
        if (config.runtime() == RuntimeKind.HOLLOW) {
            return List.of();
        }
        return IntStream.rangeClosed(1, Math.min(2, config.nodes()))
                .mapToObj(node -> {
                    String address = podsAddress(node);
                    return ClusterDnsConfig.of(
                                    clientConfig(apiServer, "cluster-dns"), new InetSocketAddress(address, 0))
                            .withUpstreams(ResolvConf.nameServers(Path.of("/etc/resolv.conf")))
                            .withEndpoint(
                                    EndpointConfig.of("node-" + node, address, ClusterDnsConfig.DEFAULT_SERVICE_ADDRESS)
                                            .withNode("node-" + node));
                })
                .toList();
    }

    private Supplier<ContainerRuntime> runtime(int node) {
        return switch (config.runtime()) {
            case HOLLOW ->
                () -> new HollowRuntime(folder.layout().podCidr(node), HollowScript.PLAIN_COMMANDS, platform.clock());
            case DOCKER -> {
                DockerConfig docker = new DockerNodes(folder).node(config.docker(), node);
                yield () -> new DockerRuntime(docker, platform.clock());
            }
            case CONTAINERD -> {
                ContainerdLauncher.ContainerdConfig containerd = folder.layout().containerd(node, config.dualStack());
                ContainerdLauncher launcher = new ContainerdLauncher(containerd, platform.clock());
                progress.accept("Starting containerd of node-" + node);
                launcher.start();
                containerds.add(launcher);
                yield () -> new CriRuntime(containerd.socket());
            }
        };
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new ComponentException("can't read " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Waits until every node is ready.
     *
     * @throws ComponentException when one is not within the time; the message names it
     */
    public void awaitNodesReady(Duration patience) throws InterruptedException {
        long begin = platform.clock().nanoTime();
        progress.accept(config.nodes() == 1 ? "Waiting for the node" : "Waiting for " + config.nodes() + " nodes");
        try (ApiClient client = new ApiClient(ClientConfig.fromKubeconfig(folder.kubeconfig()), platform)) {
            List<String> missing = config.nodeNames();
            while (true) {
                missing = notReady(client, missing);
                if (missing.isEmpty()) {
                    return;
                }
                if (platform.clock().nanoTime() - begin > patience.toNanos()) {
                    throw new ComponentException(String.join(", ", missing) + " did not become ready within "
                            + patience.toSeconds() + " s; see " + folder.log());
                }
                platform.clock().sleep(POLL);
            }
        }
    }

    private static List<String> notReady(ApiClient client, List<String> names) {
        try {
            List<String> missing = new ArrayList<>(names);
            for (Node node :
                    client.resource(Node.class).list("", ListOptions.ALL).items()) {
                if (isReady(node)) {
                    missing.remove(node.getMetadata().getName());
                }
            }
            return missing;
        } catch (ApiException | ConnectionException e) {
            return names;
        }
    }

    private static boolean isReady(Node node) {
        return node.getStatus() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(each -> each.getType().equals("Ready")
                                && each.getStatus().equals("True"));
    }

    /**
     * Stops everything, containers included; objects stay in the store. Does nothing the second time.
     *
     * @param grace for each component
     */
    public synchronized void stop(Duration grace) {
        if (stopped) {
            return;
        }
        stopped = true;
        for (Component component : running.reversed()) {
            component.stop(grace);
        }
        containerds.forEach(ContainerdLauncher::stopWithContainers);
        folder.layout().removeRunFolder();
        if (config.runtime() == RuntimeKind.DOCKER) {
            removeFromDocker();
        }
    }

    private void removeFromDocker() {
        try {
            new DockerNodes(folder).remove();
        } catch (ComponentException e) {
            log.atWarn()
                    .setMessage("could not remove all containers")
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }
}
