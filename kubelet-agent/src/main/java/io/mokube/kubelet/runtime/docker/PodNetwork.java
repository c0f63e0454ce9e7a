package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Network;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The pods' network on the engine, and one node's addresses in it. Which are taken is read from the containers' labels, as
 * only this node's agent gives them away.
 */
final class PodNetwork {

    private final DockerCalls docker;
    private final DockerConfig config;
    private final Range subnet;
    private final Range addresses;

    /** The address given last: one that was just given back rests for as long as possible. */
    private long last;

    PodNetwork(DockerCalls docker, DockerConfig config) {
        this.docker = docker;
        this.config = config;
        this.subnet = Range.parse(config.subnet());
        this.addresses = Range.parse(config.podCidr());
        this.last = addresses.first();
    }

    /** Makes the network when it is not there: also when somebody removed it in the meantime. */
    void ensure() {
        Optional<Network> present = find();
        if (present.isEmpty()) {
            try {
                create();
            } catch (RuntimeCallException e) {
                // Another node of the cluster may have been quicker.
                if (find().isEmpty()) {
                    throw e;
                }
            }
            present = find();
        }
        String subnet = present.flatMap(network -> network.getIpam().getConfig().stream()
                        .map(Network.Ipam.Config::getSubnet)
                        .findFirst())
                .orElse("none");
        if (!subnet.equals(config.subnet())) {
            throw new RuntimeCallException(
                    Kind.FAILED,
                    "the Docker network " + config.network() + " has the addresses " + subnet + ", not "
                            + config.subnet() + ": remove it with `docker network rm " + config.network() + "`");
        }
    }

    private Optional<Network> find() {
        return docker.find(client ->
                client.inspectNetworkCmd().withNetworkId(config.network()).exec());
    }

    private void create() {
        Network.Ipam.Config range =
                new Network.Ipam.Config().withSubnet(config.subnet()).withGateway(Range.text(subnet.first() + 1));
        docker.call(client -> client.createNetworkCmd()
                .withName(config.network())
                .withDriver("bridge")
                .withCheckDuplicate(true)
                .withIpam(new Network.Ipam().withConfig(range))
                .withOptions(Map.of("com.docker.network.bridge.name", config.network()))
                .withLabels(Map.of(DockerLabels.NETWORK, config.network()))
                .exec());
    }

    /** An address of this node that no sandbox has. The caller makes its sandbox before anyone asks again. */
    String free() {
        Set<String> taken = new HashSet<>();
        List<Container> sandboxes = docker.call(client -> client.listContainersCmd()
                .withShowAll(true)
                .withStatusFilter(List.of("created", "running", "paused", "restarting"))
                .withLabelFilter(
                        Map.of(DockerLabels.NETWORK, config.network(), DockerLabels.TYPE, DockerLabels.SANDBOX))
                .exec());
        for (Container sandbox : sandboxes) {
            taken.add(sandbox.getLabels().getOrDefault(DockerLabels.ADDRESS, ""));
        }
        // The first is the network's name or its bridge, the last its broadcast address.
        long usable = addresses.size() - 2;
        for (long i = 1; i <= usable; i++) {
            long candidate = addresses.first() + 1 + (last - addresses.first() - 1 + i + usable) % usable;
            if (candidate != subnet.first() + 1 && !taken.contains(Range.text(candidate))) {
                last = candidate;
                return Range.text(candidate);
            }
        }
        throw new RuntimeCallException(Kind.FAILED, "all addresses of " + config.podCidr() + " are in use");
    }

    /** Adjacent IPv4 addresses. */
    record Range(long first, long size) {

        static Range parse(String cidr) {
            String[] parts = cidr.split("[./]");
            if (!cidr.matches("\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}") || Integer.parseInt(parts[4]) > 30) {
                throw new IllegalArgumentException(
                        "not a range of IPv4 addresses such as 10.244.1.0/24: \"" + cidr + "\"");
            }
            long address = 0;
            for (int i = 0; i < 4; i++) {
                address = address << 8 | Integer.parseInt(parts[i]);
            }
            long size = 1L << (32 - Integer.parseInt(parts[4]));
            return new Range(address - address % size, size);
        }

        static String text(long address) {
            return (address >> 24 & 255) + "." + (address >> 16 & 255) + "." + (address >> 8 & 255) + "."
                    + (address & 255);
        }
    }
}
