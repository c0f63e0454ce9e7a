package io.mokube.kubelet.network;

import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How the pod network of one node is set up.
 *
 * @param client the API server, and who asks it for the nodes
 * @param nodeName the node
 * @param clusterCidrs the addresses of all pods, such as {@code 10.244.0.0/16}: one range, or one of each address family
 * @param bridge the node's bridge; absent where the container runtime sees to the pods' addresses itself
 */
public record PodNetworkConfig(ClientConfig client, String nodeName, List<Cidr> clusterCidrs, Optional<Bridge> bridge) {

    /** @throws IllegalArgumentException when there is no range, or there are two of one family */
    public PodNetworkConfig {
        clusterCidrs = List.copyOf(clusterCidrs);
        if (clusterCidrs.isEmpty() || !Family.differ(clusterCidrs, Cidr::family)) {
            throw new IllegalArgumentException("the pods need one range of addresses of each family: " + clusterCidrs);
        }
    }

    /**
     * The node's bridge.
     *
     * @param name unique on the machine, at most 15 characters
     * @param cniFolder where the container runtime looks for the network's configuration
     * @param addressFolder where it is noted which addresses are taken
     */
    public record Bridge(String name, Path cniFolder, Path addressFolder) {}
}
