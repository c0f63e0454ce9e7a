package io.mokube.proxy;

import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.address.Cidr;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * How a proxy is to run.
 *
 * @param client the API server and the proxy's credentials
 * @param nodeNames the node whose packets are directed; several where several nodes share one network stack
 * @param mode what becomes of the rules
 * @param table the name of the tables that hold the rules, one for each cluster on a machine
 * @param networkNamespace where the rules work, as {@code ip netns} knows it; nothing for this process's own namespace
 * @param clusterCidrs the addresses of all pods: what comes from elsewhere is masqueraded. Empty when unknown
 * @param sharedHost whether other clusters on this machine have the same cluster IPs; then only pods of this cluster, and
 *     the machine itself, reach those
 * @param nodePortAddresses the addresses of the machine that have node ports; empty for those that the Node object names
 * @param syncPeriod how often it is looked whether the rules are still there and the machine's addresses still the same
 * @param minSyncPeriod how long after a change the next one waits at least, so that many become one
 * @param healthPort where {@code /healthz} answers, 0 for any free port; nothing for nowhere
 * @param removeRules whether the rules go when the proxy stops; otherwise they direct packets until the next start
 */
public record KubeProxyConfig(
        ClientConfig client,
        Set<String> nodeNames,
        Mode mode,
        String table,
        Optional<String> networkNamespace,
        List<Cidr> clusterCidrs,
        boolean sharedHost,
        List<Cidr> nodePortAddresses,
        Duration syncPeriod,
        Duration minSyncPeriod,
        OptionalInt healthPort,
        boolean removeRules) {

    public static final String DEFAULT_TABLE = "mokube-proxy";

    /** What becomes of the rules. */
    public enum Mode {
        /** The kernel follows them. */
        NFTABLES,
        /** Nobody does, as on nodes that run no containers. */
        HOLLOW
    }

    public KubeProxyConfig {
        nodeNames = Set.copyOf(nodeNames);
        clusterCidrs = List.copyOf(clusterCidrs);
        nodePortAddresses = List.copyOf(nodePortAddresses);
        if (nodeNames.isEmpty()) {
            throw new IllegalArgumentException("a proxy needs the name of its node");
        }
    }

    /** The proxy of a machine that is one node. */
    public static KubeProxyConfig of(ClientConfig client, String nodeName) {
        return new KubeProxyConfig(
                client,
                Set.of(nodeName),
                Mode.NFTABLES,
                DEFAULT_TABLE,
                Optional.empty(),
                List.of(),
                false,
                List.of(),
                Duration.ofSeconds(30),
                Duration.ofMillis(100),
                OptionalInt.empty(),
                false);
    }

    /** The proxy of nodes that share one machine with each other, and with other clusters. */
    public KubeProxyConfig onSharedHost(Set<String> nodes, String ownTable) {
        return new KubeProxyConfig(
                client,
                nodes,
                mode,
                ownTable,
                networkNamespace,
                clusterCidrs,
                true,
                List.of(Cidr.of("0.0.0.0/0"), Cidr.of("::/0")),
                syncPeriod,
                minSyncPeriod,
                healthPort,
                true);
    }

    public KubeProxyConfig withMode(Mode changed) {
        return new KubeProxyConfig(
                client,
                nodeNames,
                changed,
                table,
                networkNamespace,
                clusterCidrs,
                sharedHost,
                nodePortAddresses,
                syncPeriod,
                minSyncPeriod,
                healthPort,
                removeRules);
    }

    public KubeProxyConfig inNetworkNamespace(String name) {
        return new KubeProxyConfig(
                client,
                nodeNames,
                mode,
                table,
                Optional.of(name),
                clusterCidrs,
                sharedHost,
                nodePortAddresses,
                syncPeriod,
                minSyncPeriod,
                healthPort,
                removeRules);
    }

    public KubeProxyConfig withClusterCidrs(List<Cidr> ranges) {
        return new KubeProxyConfig(
                client,
                nodeNames,
                mode,
                table,
                networkNamespace,
                ranges,
                sharedHost,
                nodePortAddresses,
                syncPeriod,
                minSyncPeriod,
                healthPort,
                removeRules);
    }

    public KubeProxyConfig withNodePortAddresses(List<Cidr> ranges) {
        return new KubeProxyConfig(
                client,
                nodeNames,
                mode,
                table,
                networkNamespace,
                clusterCidrs,
                sharedHost,
                ranges,
                syncPeriod,
                minSyncPeriod,
                healthPort,
                removeRules);
    }

    public KubeProxyConfig withPeriods(Duration sync, Duration minSync) {
        return new KubeProxyConfig(
                client,
                nodeNames,
                mode,
                table,
                networkNamespace,
                clusterCidrs,
                sharedHost,
                nodePortAddresses,
                sync,
                minSync,
                healthPort,
                removeRules);
    }

    public KubeProxyConfig withHealthPort(int port) {
        return new KubeProxyConfig(
                client,
                nodeNames,
                mode,
                table,
                networkNamespace,
                clusterCidrs,
                sharedHost,
                nodePortAddresses,
                syncPeriod,
                minSyncPeriod,
                OptionalInt.of(port),
                removeRules);
    }
}
