package io.mokube.kubelet.runtime.docker;

import java.nio.file.Path;

/**
 * One node's part of a Docker Engine. Several nodes of one cluster may share an engine and a network; each has addresses
 * of its own in it, so that their pods reach each other without the isolation that Docker puts between its networks.
 *
 * @param socket the engine's Unix socket
 * @param network the Docker network of the pods and the name of its bridge interface, at most 15 characters. It also marks
 *     whose containers are whose: clusters on one engine have different ones
 * @param subnet all addresses of the network, such as {@code 10.244.0.0/16}; its first one is the bridge's own
 * @param podCidr those of this node's pods, such as {@code 10.244.1.0/24}; may be all of the network's
 */
public record DockerConfig(Path socket, String network, String subnet, String podCidr) {}
