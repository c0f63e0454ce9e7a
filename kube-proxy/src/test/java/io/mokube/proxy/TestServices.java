package io.mokube.proxy;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.model.Endpoint;
import io.mokube.proxy.model.NodeFacts;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Facts for tests, written briefly. */
public final class TestServices {

    /** The node {@code here} in zone {@code near}, with pods in 10.60.0.0/16 and fd60::/16. */
    public static final Placement HERE = placement("192.168.77.1", "fd77::1");

    private TestServices() {}

    public static Placement placement(String... nodeAddresses) {
        return new Placement(
                new NodeFacts(Set.of("here"), Set.of("near"), addresses(nodeAddresses)),
                List.of(Cidr.of("10.60.0.0/16"), Cidr.of("fd60::/16")),
                false);
    }

    /** A service {@code default/NAME}. */
    public static Builder service(String name, String... clusterIps) {
        return new Builder(name, addresses(clusterIps));
    }

    /** A ready endpoint on the node {@code here}. */
    public static Endpoint local(String address, int port) {
        return new Endpoint(IpAddress.of(address), port, true, true, false, "here", Set.of(), Set.of());
    }

    /** A ready endpoint on another node. */
    public static Endpoint remote(String address, int port) {
        return new Endpoint(IpAddress.of(address), port, true, true, false, "there", Set.of(), Set.of());
    }

    /** The same on its way out, still serving. */
    public static Endpoint terminating(Endpoint it) {
        return new Endpoint(it.address(), it.port(), false, true, true, it.node(), it.zoneHints(), it.nodeHints());
    }

    /** The same, not ready. */
    public static Endpoint unready(Endpoint it) {
        return new Endpoint(it.address(), it.port(), false, false, false, it.node(), it.zoneHints(), it.nodeHints());
    }

    /** The same, meant for zones and nodes. */
    public static Endpoint hinted(Endpoint it, Set<String> zones, Set<String> nodes) {
        return new Endpoint(
                it.address(), it.port(), it.ready(), it.serving(), it.terminating(), it.node(), zones, nodes);
    }

    private static List<IpAddress> addresses(String... texts) {
        return Stream.of(texts).map(IpAddress::of).toList();
    }

    /** Collects what a service has. */
    public static final class Builder {
        private final String name;
        private final List<IpAddress> clusterIps;
        private final List<ServicePort> ports = new ArrayList<>();
        private List<IpAddress> externalIps = List.of();
        private List<IpAddress> loadBalancerIps = List.of();
        private List<Cidr> sourceRanges = List.of();
        private Duration affinity = Duration.ZERO;
        private boolean internalLocal;
        private boolean externalLocal;

        private Builder(String name, List<IpAddress> clusterIps) {
            this.name = name;
            this.clusterIps = clusterIps;
        }

        public Builder port(int port, Endpoint... endpoints) {
            return port(Protocol.TCP, port, 0, endpoints);
        }

        public Builder nodePort(int port, int nodePort, Endpoint... endpoints) {
            return port(Protocol.TCP, port, nodePort, endpoints);
        }

        public Builder port(Protocol protocol, int port, int nodePort, Endpoint... endpoints) {
            ports.add(new ServicePort(
                    "p" + port + protocol.nftName(),
                    protocol,
                    port,
                    nodePort,
                    Stream.of(endpoints).sorted(Endpoint.ORDER).toList()));
            return this;
        }

        public Builder externalIps(String... texts) {
            externalIps = addresses(texts);
            return this;
        }

        public Builder loadBalancerIps(String... texts) {
            loadBalancerIps = addresses(texts);
            return this;
        }

        public Builder sourceRanges(String... texts) {
            sourceRanges = Stream.of(texts).map(Cidr::of).toList();
            return this;
        }

        public Builder affinity(Duration time) {
            affinity = time;
            return this;
        }

        public Builder internalLocal() {
            internalLocal = true;
            return this;
        }

        public Builder externalLocal() {
            externalLocal = true;
            return this;
        }

        public ServiceFacts build() {
            return new ServiceFacts(
                    new ObjectKey("default", name),
                    clusterIps,
                    externalIps,
                    loadBalancerIps,
                    sourceRanges,
                    affinity,
                    internalLocal,
                    externalLocal,
                    0,
                    ports);
        }
    }
}
