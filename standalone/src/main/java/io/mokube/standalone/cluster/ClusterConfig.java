package io.mokube.standalone.cluster;

import io.mokube.apiserver.audit.AuditConfig;
import io.mokube.kubelet.runtime.docker.DockerEngine;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A whole cluster in one JVM.
 *
 * @param folder where everything the cluster keeps is kept
 * @param nodes how many nodes, named {@code node-1}, {@code node-2} …; with none, the control plane alone
 * @param runtime what runs containers
 * @param store where the state lives
 * @param etcdEndpoints the etcd cluster's client URLs; empty with {@link StoreKind#ETCD} for a member of the cluster's own
 * @param port the API server's port, 0 for any free one
 * @param advertiseAddress at which of the machine's addresses pods find the API server; null for the one on the way out
 *     of the machine. With one on loopback the API server listens there alone, and no pod finds it
 * @param schedulerFile a file of kind KubeSchedulerConfiguration; null for the standard scheduler
 * @param kubeletFile a file of kind KubeletConfiguration, for all nodes; null for nodes that share their machine
 * @param loadBalancerPool the addresses of services of type LoadBalancer; empty for some that only this machine reaches
 * @param dualStack whether pods, nodes and services have IPv6 addresses beside those of IPv4; with
 *     {@link RuntimeKind#CONTAINERD} only
 * @param docker the engine that {@link RuntimeKind#DOCKER} means
 * @param audit what is audited and where that goes, null for nothing
 */
public record ClusterConfig(
        Path folder,
        int nodes,
        RuntimeKind runtime,
        StoreKind store,
        List<String> etcdEndpoints,
        int port,
        @Nullable String advertiseAddress,
        @Nullable Path schedulerFile,
        @Nullable Path kubeletFile,
        List<String> loadBalancerPool,
        boolean dualStack,
        DockerEngine docker,
        @Nullable AuditConfig audit) {

    public ClusterConfig {
        etcdEndpoints = List.copyOf(etcdEndpoints);
        loadBalancerPool = List.copyOf(loadBalancerPool);
    }

    /** At the address of choice, and where Docker means the engine at its usual place. */
    public ClusterConfig(
            Path folder, int nodes, RuntimeKind runtime, StoreKind store, List<String> etcdEndpoints, int port) {
        this(
                folder,
                nodes,
                runtime,
                store,
                etcdEndpoints,
                port,
                null,
                null,
                null,
                List.of(),
                false,
                DockerEngine.named(null),
                null);
    }

    /** Where pods find the API server, or where it listens alone: see {@link #advertiseAddress}. */
    public ClusterConfig withAdvertiseAddress(String address) {
        return new ClusterConfig(
                folder,
                nodes,
                runtime,
                store,
                etcdEndpoints,
                port,
                address,
                schedulerFile,
                kubeletFile,
                loadBalancerPool,
                dualStack,
                docker,
                audit);
    }

    /** The nodes' names. */
    public List<String> nodeNames() {
        return IntStream.rangeClosed(1, nodes).mapToObj(i -> "node-" + i).toList();
    }
}
