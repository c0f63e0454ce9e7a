package io.mokube.controllermanager;

import io.mokube.client.election.ElectionConfig;
import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.controllers.loadbalancer.AddressPool;
import io.mokube.controllermanager.controllers.nodeipam.NodeIpamConfig;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeLifecycleConfig;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * How the controller manager runs.
 *
 * @param client the API server and who the controllers are
 * @param election the Lease that only one replica holds
 * @param rootCaPem the certificate that pods trust the API server by; published in every namespace
 * @param nodeLifecycle how patient the cluster is with silent nodes
 * @param nodeIpam which ranges nodes get for their pods' addresses
 * @param keys what certificates and service account tokens are signed with
 * @param hostPathVolumes where volumes of the class provisioner {@code kubernetes.io/host-path} get their folders; such
 *     volumes are not made when it is absent
 * @param loadBalancerPool the addresses of services of type LoadBalancer; they wait for somebody else's when it is empty
 */
public record ControllerManagerConfig(
        ClientConfig client,
        ElectionConfig election,
        String rootCaPem,
        NodeLifecycleConfig nodeLifecycle,
        NodeIpamConfig nodeIpam,
        ClusterKeys keys,
        Optional<Path> hostPathVolumes,
        AddressPool loadBalancerPool) {

    /** With Kubernetes' own patience, for nodes that bring their ranges, and without what only a cluster's keys and folders
     * make possible. */
    public ControllerManagerConfig(ClientConfig client, ElectionConfig election, String rootCaPem) {
        this(
                client,
                election,
                rootCaPem,
                NodeLifecycleConfig.STANDARD,
                NodeIpamConfig.OFF,
                ClusterKeys.NONE,
                Optional.empty(),
                AddressPool.NONE);
    }

    public ControllerManagerConfig withNodeLifecycle(NodeLifecycleConfig patience) {
        return new ControllerManagerConfig(
                client, election, rootCaPem, patience, nodeIpam, keys, hostPathVolumes, loadBalancerPool);
    }

    public ControllerManagerConfig withNodeIpam(NodeIpamConfig ranges) {
        return new ControllerManagerConfig(
                client, election, rootCaPem, nodeLifecycle, ranges, keys, hostPathVolumes, loadBalancerPool);
    }

    public ControllerManagerConfig withKeys(ClusterKeys clusterKeys) {
        return new ControllerManagerConfig(
                client, election, rootCaPem, nodeLifecycle, nodeIpam, clusterKeys, hostPathVolumes, loadBalancerPool);
    }

    public ControllerManagerConfig withHostPathVolumes(Path folder) {
        return new ControllerManagerConfig(
                client, election, rootCaPem, nodeLifecycle, nodeIpam, keys, Optional.of(folder), loadBalancerPool);
    }

    public ControllerManagerConfig withLoadBalancerPool(AddressPool pool) {
        return new ControllerManagerConfig(
                client, election, rootCaPem, nodeLifecycle, nodeIpam, keys, hostPathVolumes, pool);
    }

    /** The Lease of Kubernetes' own controller manager, and the certificate that the client itself trusts. */
    public static ControllerManagerConfig standard(ClientConfig client) {
        String identity = ManagementFactory.getRuntimeMXBean().getName() + "_" + UUID.randomUUID();
        return new ControllerManagerConfig(
                client.withUserAgent("kube-controller-manager"),
                ElectionConfig.standard("kube-controller-manager", identity),
                Objects.requireNonNullElse(client.caPem(), ""));
    }
}
