package io.mokube.kubelet.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.kubelet.Kubelet;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.network.PodNetwork;
import io.mokube.kubelet.network.PodNetworkConfig;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher.ContainerdConfig;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.docker.DockerConfig;
import io.mokube.kubelet.runtime.docker.DockerRuntime;
import io.mokube.kubelet.upkeep.NodeShutdown;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;

/** The kubelet agent as a Spring Boot service. */
@SpringBootApplication
@EnableConfigurationProperties(KubeletApplication.Settings.class)
public class KubeletApplication {

    /**
     * What can be set, as {@code mokube.*} properties or {@code MOKUBE_*} variables.
     *
     * @param kubeconfig the file that names the API server and holds the node's credentials
     * @param nodeName the node's name
     * @param address the node's address, or one of each address family, its main one first
     * @param port the port of the node's own server
     * @param servingCertificate what that server shows, PEM; a self-signed one when absent
     * @param servingKey the key of that
     * @param root where pods' volumes, logs and images are kept
     * @param state where sockets are, gone after a reboot; a short path
     * @param criSocket the container runtime's socket; when absent the agent runs a containerd of its own
     * @param dockerSocket the socket of a Docker Engine of this machine, which then is the container runtime
     * @param bridge the network bridge of that containerd's or engine's pods, unique on the machine
     * @param podCidr the addresses of the node's pods, one range or one of each address family; empty when the controller
     *     manager gives the node some
     * @param clusterCidr the addresses of all pods, one range or one of each address family
     * @param networkKubeconfig the file with the credentials for looking at all nodes. With it the agent keeps the routes
     *     to the other nodes' pods, and takes the addresses of its own pods from the node's object
     * @param clusterDns the addresses of the cluster's name servers, for pods; the machine's own when there are none
     * @param clusterDomain the cluster's domain
     * @param kubeletConfig a file of kind KubeletConfiguration; without it the node leaves its disk and images alone
     * @param cgroup the control group of all pods, such as {@code /mokube}; the runtime's own choice when absent
     * @param shutdownOnStop whether the machine ends with the agent, as a container's does, so that the pods end in the
     *     order of {@code shutdownGracePeriod}; otherwise that is so when systemd is stopping the machine
     * @param dockerSubnet the addresses of all nodes that share the engine and the bridge; those of this node when absent
     */
    @ConfigurationProperties("mokube")
    public record Settings(
            Path kubeconfig,
            String nodeName,
            @DefaultValue("127.0.0.1") List<String> address,
            @DefaultValue("10250") int port,
            @Nullable Path servingCertificate,
            @Nullable Path servingKey,
            @DefaultValue("/var/lib/mokube") Path root,
            @DefaultValue("/run/mokube") Path state,
            @Nullable Path criSocket,
            @Nullable Path dockerSocket,
            @DefaultValue("mokube0") String bridge,
            @DefaultValue("10.244.0.0/24") String podCidr,
            @DefaultValue("10.244.0.0/16") List<String> clusterCidr,
            @Nullable Path networkKubeconfig,
            @DefaultValue List<String> clusterDns,
            @DefaultValue("cluster.local") String clusterDomain,
            @Nullable String dockerSubnet,
            @Nullable Path kubeletConfig,
            @Nullable String cgroup,
            @DefaultValue("false") boolean shutdownOnStop) {

        /** The ranges of the node's pods. */
        List<String> podCidrs() {
            return Stream.of(podCidr.split(","))
                    .map(String::strip)
                    .filter(each -> !each.isEmpty())
                    .toList();
        }
    }

    public static void main(String[] arguments) {
        CarrierThreads.provide();
        SpringApplication.run(KubeletApplication.class, arguments);
    }

    /** The agent's own containerd; started only when no other runtime is named. */
    @Bean(destroyMethod = "close")
    ContainerdLauncher containerd(Settings settings) {
        return new ContainerdLauncher(containerdConfig(settings), Clock.system());
    }

    @Bean
    Kubelet kubelet(Settings settings, ContainerdLauncher containerd, MeterRegistry meters) throws IOException {
        if (settings.criSocket() != null && settings.dockerSocket() != null) {
            throw new ComponentException("give mokube.cri-socket or mokube.docker-socket, not both");
        }
        KubeletConfig config = KubeletConfig.of(
                        settings.nodeName(),
                        ClientConfig.fromKubeconfig(settings.kubeconfig()).withUserAgent("kubelet"),
                        () -> runtime(settings, containerd),
                        settings.root().resolve("kubelet"))
                .withAddresses(nodeAddresses(settings.address()))
                .withPodCidrs(settings.podCidrs())
                .withDns(new KubeletConfig.Dns(settings.clusterDns(), settings.clusterDomain()))
                .withPolicy(policy(settings))
                .withCgroupParent(Objects.requireNonNullElse(settings.cgroup(), ""))
                .withServer(new KubeletConfig.Server(
                        settings.port(),
                        content(settings.servingCertificate()),
                        content(settings.servingKey()),
                        Optional.empty()));
        return new Kubelet(config, new Platform(Clock.system(), new SecureRandom(), meters));
    }

    private static NodePolicy policy(Settings settings) {
        try {
            return settings.kubeletConfig() == null
                    ? NodePolicy.SHARED_MACHINE
                    : NodePolicy.read(settings.kubeletConfig());
        } catch (IllegalArgumentException e) {
            throw new ComponentException(String.valueOf(e.getMessage()), e);
        }
    }

    /** The way to other nodes' pods; does nothing unless there are credentials for it. */
    @Bean(destroyMethod = "")
    PodNetworkLifecycle podNetwork(Settings settings, MeterRegistry meters) {
        Path kubeconfig = settings.networkKubeconfig();
        if (kubeconfig == null) {
            return new PodNetworkLifecycle(Optional.empty());
        }
        ContainerdConfig own = containerdConfig(settings);
        Optional<PodNetworkConfig.Bridge> bridge = settings.criSocket() == null && settings.dockerSocket() == null
                ? Optional.of(new PodNetworkConfig.Bridge(own.bridge(), own.cniFolder(), own.addressFolder()))
                : Optional.empty();
        PodNetworkConfig config = podNetworkConfig(settings, kubeconfig, bridge);
        return new PodNetworkLifecycle(
                Optional.of(new PodNetwork(config, new Platform(Clock.system(), new SecureRandom(), meters))));
    }

    private static PodNetworkConfig podNetworkConfig(
            Settings settings, Path kubeconfig, Optional<PodNetworkConfig.Bridge> bridge) {
        try {
            List<Cidr> clusters = settings.clusterCidr().stream().map(Cidr::of).toList();
            return new PodNetworkConfig(ClientConfig.fromKubeconfig(kubeconfig), settings.nodeName(), clusters, bridge);
        } catch (IllegalArgumentException e) {
            throw new ComponentException("mokube.cluster-cidr can't be used: " + e.getMessage(), e);
        }
    }

    /** In their canonical form; at most one of each family. */
    static List<String> nodeAddresses(List<String> texts) {
        try {
            List<IpAddress> addresses = texts.stream().map(IpAddress::of).toList();
            if (addresses.isEmpty() || !Family.differ(addresses, IpAddress::family)) {
                throw new ComponentException("mokube.address must be one address, or one of each family: " + texts);
            }
            return addresses.stream().map(IpAddress::text).toList();
        } catch (IllegalArgumentException e) {
            throw new ComponentException("mokube.address can't be used: " + e.getMessage(), e);
        }
    }

    /** Starts and stops the pod network, if there is one to keep. */
    static final class PodNetworkLifecycle implements SmartLifecycle {

        private final Optional<PodNetwork> network;
        private volatile boolean running;

        PodNetworkLifecycle(Optional<PodNetwork> network) {
            this.network = network;
        }

        @Override
        public void start() {
            network.ifPresent(PodNetwork::start);
            running = true;
        }

        @Override
        public void stop() {
            network.ifPresent(each -> each.stop(Duration.ofSeconds(10)));
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }
    }

    private static ContainerRuntime runtime(Settings settings, ContainerdLauncher containerd) {
        Path docker = settings.dockerSocket();
        if (docker != null) {
            // Pods of an engine have IPv4 addresses only.
            String pods = settings.podCidrs().stream()
                    .filter(each -> each.indexOf(':') < 0)
                    .findFirst()
                    .orElse("");
            String subnet = Objects.requireNonNullElse(settings.dockerSubnet(), pods);
            return new DockerRuntime(new DockerConfig(docker, settings.bridge(), subnet, pods), Clock.system());
        }
        Path named = settings.criSocket();
        if (named != null) {
            return new CriRuntime(named);
        }
        containerd.start();
        return new CriRuntime(containerdConfig(settings).socket());
    }

    private static ContainerdConfig containerdConfig(Settings settings) {
        return new ContainerdConfig(
                settings.nodeName(),
                settings.root().resolve("containerd"),
                settings.state().resolve("containerd"),
                settings.bridge(),
                settings.podCidrs());
    }

    @Bean
    HealthIndicator kubeletHealthIndicator(Kubelet kubelet) {
        return () -> {
            var readiness = kubelet.readiness();
            return (readiness.ready() ? Health.up() : Health.outOfService())
                    .withDetail("state", readiness.reason())
                    .build();
        };
    }

    @Bean
    SmartLifecycle kubeletLifecycle(Kubelet kubelet, Settings settings) {
        return new SmartLifecycle() {
            private volatile boolean running;

            @Override
            public void start() {
                kubelet.start();
                running = true;
            }

            @Override
            public void stop() {
                if (settings.shutdownOnStop() || NodeShutdown.machineIsStopping()) {
                    kubelet.shutDownNode();
                }
                kubelet.stop(Duration.ofSeconds(10));
                running = false;
            }

            @Override
            public boolean isRunning() {
                return running;
            }
        };
    }

    private static Optional<String> content(@Nullable Path file) throws IOException {
        return file == null ? Optional.empty() : Optional.of(Files.readString(file));
    }
}
