package io.mokube.kubelet;

import io.mokube.client.rest.ClientConfig;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How one node agent is set up.
 *
 * @param nodeName the name of its Node object, a DNS name
 * @param client the API server, and who the agent is there
 * @param runtime opens the connection to the container runtime; called once, when the agent starts
 * @param root what the agent keeps on disk: the pods' volumes and logs
 * @param addresses the node's addresses, for the API server and for pods that use the host's network: one, or one of each
 *     address family, of which the first is the node's main family
 * @param server the node's own HTTPS server
 * @param podCidrs the addresses of this node's pods, one range or one of each family; empty when only the runtime knows
 * @param resources the node's capacity
 * @param labels more labels for the node at its registration
 * @param taints taints for the node at its registration, as {@code key=value:Effect}
 * @param timings how often things happen
 * @param cgroupParent the control group under which the pods' groups are, empty for the runtime's own choice
 * @param dns the cluster's name servers and domain; without servers pods get the host's own
 * @param policy how the node looks after itself
 */
public record KubeletConfig(
        String nodeName,
        ClientConfig client,
        Supplier<ContainerRuntime> runtime,
        Path root,
        List<String> addresses,
        Server server,
        List<String> podCidrs,
        Resources resources,
        Map<String, String> labels,
        List<String> taints,
        Timings timings,
        String cgroupParent,
        Dns dns,
        NodePolicy policy) {

    /**
     * An agent with the machine's own capacity and Kubernetes' timings, whose server takes any free port.
     *
     * @param criSocket the socket of the container runtime
     */
    public static KubeletConfig of(String nodeName, ClientConfig client, Path criSocket, Path root) {
        return of(nodeName, client, () -> new CriRuntime(criSocket), root);
    }

    /** The same with any runtime. */
    public static KubeletConfig of(
            String nodeName, ClientConfig client, Supplier<ContainerRuntime> runtime, Path root) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                List.of("127.0.0.1"),
                Server.ANY_PORT,
                List.of(),
                Resources.OF_THE_MACHINE,
                Map.of(),
                List.of(),
                Timings.DEFAULT,
                "",
                Dns.HOST,
                NodePolicy.SHARED_MACHINE);
    }

    /**
     * The node's HTTPS server.
     *
     * @param port 0 takes any free one
     * @param certificatePem the server's certificate chain; a self-signed one is made when absent
     * @param keyPem its key
     * @param clientCaPem the authority whose client certificates are let in; the client's authority when absent
     */
    public record Server(
            int port, Optional<String> certificatePem, Optional<String> keyPem, Optional<String> clientCaPem) {
        public static final Server ANY_PORT = new Server(0, Optional.empty(), Optional.empty(), Optional.empty());
    }

    /**
     * What the node offers. Amounts are Kubernetes quantities; absent ones are the machine's.
     *
     * @param pods how many pods may run on the node
     */
    public record Resources(Optional<String> cpu, Optional<String> memory, Optional<String> storage, int pods) {
        public static final Resources OF_THE_MACHINE =
                new Resources(Optional.empty(), Optional.empty(), Optional.empty(), 110);
    }

    /**
     * How often things happen.
     *
     * @param lease how often the node's lease is renewed
     * @param status how often the node's status is looked at
     * @param statusReport how often an unchanged status is sent all the same
     * @param relist how often the runtime is asked what runs
     * @param volumeRefresh how often the files of config maps, secrets and tokens are brought up to date
     * @param upkeep how often it is looked at what is short
     */
    public record Timings(
            Duration lease,
            Duration status,
            Duration statusReport,
            Duration relist,
            Duration volumeRefresh,
            Duration upkeep) {
        public static final Timings DEFAULT = new Timings(
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofMinutes(5),
                Duration.ofSeconds(1),
                Duration.ofMinutes(1),
                Duration.ofSeconds(10));

        public Timings withRelist(Duration often) {
            return new Timings(lease, status, statusReport, often, volumeRefresh, upkeep);
        }
    }

    /**
     * The cluster's name servers, and its domain.
     *
     * @param servers in the order in which pods ask them
     */
    public record Dns(List<String> servers, String domain) {
        public static final Dns HOST = new Dns(List.of(), "cluster.local");

        public Dns {
            servers = List.copyOf(servers);
        }
    }

    public KubeletConfig {
        addresses = List.copyOf(addresses);
        podCidrs = List.copyOf(podCidrs);
    }

    /** The node's main address. */
    public String address() {
        return addresses.getFirst();
    }

    public KubeletConfig withAddress(String nodeAddress) {
        return withAddresses(List.of(nodeAddress));
    }

    public KubeletConfig withAddresses(List<String> nodeAddresses) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                nodeAddresses,
                server,
                podCidrs,
                resources,
                labels,
                taints,
                timings,
                cgroupParent,
                dns,
                policy);
    }

    public KubeletConfig withServer(Server nodeServer) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                nodeServer,
                podCidrs,
                resources,
                labels,
                taints,
                timings,
                cgroupParent,
                dns,
                policy);
    }

    public KubeletConfig withPodCidr(String cidr) {
        return withPodCidrs(List.of(cidr));
    }

    public KubeletConfig withPodCidrs(List<String> cidrs) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                server,
                cidrs,
                resources,
                labels,
                taints,
                timings,
                cgroupParent,
                dns,
                policy);
    }

    public KubeletConfig withResources(Resources offered) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                server,
                podCidrs,
                offered,
                labels,
                taints,
                timings,
                cgroupParent,
                dns,
                policy);
    }

    public KubeletConfig withLabels(Map<String, String> nodeLabels) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                server,
                podCidrs,
                resources,
                nodeLabels,
                taints,
                timings,
                cgroupParent,
                dns,
                policy);
    }

    public KubeletConfig withTaints(List<String> nodeTaints) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                server,
                podCidrs,
                resources,
                labels,
                nodeTaints,
                timings,
                cgroupParent,
                dns,
                policy);
    }

    public KubeletConfig withTimings(Timings often) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                server,
                podCidrs,
                resources,
                labels,
                taints,
                often,
                cgroupParent,
                dns,
                policy);
    }

    public KubeletConfig withCgroupParent(String group) {
        return new KubeletConfig(
                nodeName, client, runtime, root, addresses, server, podCidrs, resources, labels, taints, timings, group,
                dns, policy);
    }

    public KubeletConfig withDns(Dns cluster) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                server,
                podCidrs,
                resources,
                labels,
                taints,
                timings,
                cgroupParent,
                cluster,
                policy);
    }

    public KubeletConfig withPolicy(NodePolicy nodePolicy) {
        return new KubeletConfig(
                nodeName,
                client,
                runtime,
                root,
                addresses,
                server,
                podCidrs,
                resources,
                labels,
                taints,
                timings,
                cgroupParent,
                dns,
                nodePolicy);
    }
}
