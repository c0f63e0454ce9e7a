package io.mokube.proxy.announce;

import io.mokube.client.rest.ClientConfig;
import java.util.Optional;
import java.util.Set;

/**
 * How the addresses of services of type LoadBalancer are announced.
 *
 * @param client the API server and the proxy's credentials
 * @param nodeNames the node that this machine is; several where several nodes share one network stack
 * @param device the name of the device that holds the addresses, one for each cluster on a machine
 * @param networkNamespace where it is, as {@code ip netns} knows it; nothing for this process's own namespace
 */
public record AnnouncerConfig(
        ClientConfig client, Set<String> nodeNames, String device, Optional<String> networkNamespace) {

    public static final String DEFAULT_DEVICE = "mokube-lb";

    public AnnouncerConfig {
        nodeNames = Set.copyOf(nodeNames);
    }
}
