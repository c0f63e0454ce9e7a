package io.mokube.kubelet.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.component.ComponentException;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Routes in the kernel, with real packets: nodes 1 and 2 on one network, node 3 behind a router that knows nothing of pods.
 * Each is a network namespace, and its pods' network is an interface with an address of theirs.
 */
class RouteTableTest {

    private static final Cidr CLUSTER = Cidr.parse("10.244.0.0/16").orElseThrow();
    private static final Cidr CLUSTER_6 = Cidr.of("fd00:10:244::/48");
    private static final String TUNNEL = "mkvxtest";
    private static final String TUNNEL_6 = "mkv6test";

    private final String run = "mkrt" + ProcessHandle.current().pid();
    private final List<Node> nodes = new ArrayList<>();

    @BeforeEach
    void makeNodes() {
        Needs.part("root", System.getProperty("user.name").equals("root"));
        Needs.part(
                "ip and busybox",
                Programs.find("ip").isPresent() && Programs.find("busybox").isPresent());
        for (String name : List.of("1", "2", "3", "r")) {
            ip("netns add " + namespace(name));
            inside(name, "ip link set lo up");
        }
        // The router is the network that nodes 1 and 2 are on, and node 3's gateway.
        inside("r", "ip link add br0 type bridge");
        inside("r", "ip addr add 192.0.2.1/24 dev br0");
        inside("r", "ip link set br0 up");
        inside("r", "busybox sysctl -w net.ipv4.ip_forward=1");
        connect("1", "r", "br0");
        connect("2", "r", "br0");
        connect("3", "r", "");
        inside("r", "ip addr add 198.51.100.1/24 dev to3");
        address("1", "192.0.2.11/24", "192.0.2.1");
        address("2", "192.0.2.12/24", "192.0.2.1");
        address("3", "198.51.100.13/24", "198.51.100.1");
        for (String name : List.of("1", "2", "3")) {
            inside(name, "busybox sysctl -w net.ipv4.ip_forward=1");
            inside(name, "ip link add mokube0 type bridge");
            inside(name, "ip addr add 10.244." + name + ".1/24 dev mokube0");
            inside(name, "ip link set mokube0 up");
        }
        giveIpv6();
        nodes.addAll(List.of(node("1", "192.0.2.11"), node("2", "192.0.2.12"), node("3", "198.51.100.13")));
    }

    /** The same networks with addresses of the other family. */
    private void giveIpv6() {
        inside("r", "busybox sysctl -w net.ipv6.conf.all.forwarding=1");
        inside("r", "ip addr add 2001:db8::1/64 dev br0 nodad");
        inside("r", "ip addr add 2001:db8:1::1/64 dev to3 nodad");
        for (String name : List.of("1", "2", "3")) {
            String network = name.equals("3") ? "2001:db8:1::" : "2001:db8::";
            inside(name, "busybox sysctl -w net.ipv6.conf.all.forwarding=1");
            inside(name, "ip addr add " + network + "1" + name + "/64 dev eth0 nodad");
            inside(name, "ip -6 route add default via " + network + "1");
            inside(name, "ip addr add fd00:10:244:" + name + "::1/64 dev mokube0 nodad");
        }
    }

    @AfterEach
    void removeNodes() {
        for (String name : List.of("1", "2", "3", "r")) {
            try {
                ip("netns delete " + namespace(name));
            } catch (ComponentException e) {
                // It was not made.
            }
        }
    }

    private String namespace(String name) {
        return run + name;
    }

    private static String ip(String arguments) {
        return Programs.run(
                Stream.concat(Stream.of("ip"), Stream.of(arguments.split(" "))).toList());
    }

    private String inside(String name, String command) {
        return ip("netns exec " + namespace(name) + " " + command);
    }

    private void connect(String name, String to, String bridge) {
        ip("link add eth0 netns " + namespace(name) + " type veth peer name to" + name + " netns " + namespace(to));
        if (!bridge.isEmpty()) {
            inside(to, "ip link set to" + name + " master " + bridge);
        }
        inside(to, "ip link set to" + name + " up");
    }

    private void address(String name, String address, String gateway) {
        inside(name, "ip addr add " + address + " dev eth0");
        inside(name, "ip link set eth0 up");
        inside(name, "ip route add default via " + gateway);
    }

    private static Node node(String name, String address) {
        String six = (name.equals("3") ? "2001:db8:1::1" : "2001:db8::1") + name;
        return new NodeBuilder()
                .withNewMetadata()
                .withName("node-" + name)
                .endMetadata()
                .withNewSpec()
                .withPodCIDR("10.244." + name + ".0/24")
                .withPodCIDRs("10.244." + name + ".0/24", "fd00:10:244:" + name + "::/64")
                .endSpec()
                .withNewStatus()
                .addNewAddress()
                .withType("InternalIP")
                .withAddress(address)
                .endAddress()
                .addNewAddress()
                .withType("InternalIP")
                .withAddress(six)
                .endAddress()
                .endStatus()
                .build();
    }

    /** What each node does when it looks at the nodes there are. */
    private int apply(String name) {
        RouteTable table = new RouteTable(Family.IPV4, TUNNEL, List.of("ip", "netns", "exec", namespace(name)));
        return table.apply(
                RoutePlan.of(nodes, CLUSTER, table.links()),
                CLUSTER,
                Cidr.parse("10.244." + name + ".0/24").orElseThrow());
    }

    private int apply6(String name) {
        RouteTable table = new RouteTable(Family.IPV6, TUNNEL_6, List.of("ip", "netns", "exec", namespace(name)));
        return table.apply(
                RoutePlan.of(nodes, CLUSTER_6, table.links()), CLUSTER_6, Cidr.of("fd00:10:244:" + name + "::/64"));
    }

    private boolean reaches6(String from, String to, int size) {
        try {
            inside(
                    from,
                    "busybox ping -6 -c 1 -W 1 -s " + size + " -I fd00:10:244:" + from + "::1 fd00:10:244:" + to
                            + "::1");
            return true;
        } catch (ComponentException e) {
            return false;
        }
    }

    private void applyEverywhere() {
        List.of("1", "2", "3").forEach(this::apply);
    }

    private boolean reaches(String from, String to) {
        try {
            inside(from, "busybox ping -c 1 -W 1 -I 10.244." + from + ".1 10.244." + to + ".1");
            return true;
        } catch (ComponentException e) {
            return false;
        }
    }

    /** What is around a packet in the tunnel has to fit too; what is too large is divided before it goes in. */
    @Test
    void packetsInTunnelsAreSmaller() {
        inside("1", "ip link set eth0 mtu 1400");
        inside("r", "ip link set to1 mtu 1400");
        applyEverywhere();
        assertThat(inside("1", "ip link show " + TUNNEL)).contains("mtu 1350 ");
        assertThat(inside("3", "ip link show " + TUNNEL)).contains("mtu 1450 ");
        inside("1", "busybox ping -c 1 -W 1 -s 3000 -I 10.244.1.1 10.244.3.1");
    }

    @Test
    void podsReachEachOtherWhereverTheirNodesAre() {
        assertThat(reaches("1", "2")).as("without routes").isFalse();
        applyEverywhere();
        for (String from : List.of("1", "2", "3")) {
            for (String to : List.of("1", "2", "3")) {
                Await.until(from + " reaches " + to, () -> reaches(from, to));
            }
        }
        assertThat(inside("1", "ip route show proto 77"))
                .contains("10.244.2.0/24 via 192.0.2.12 dev eth0")
                .contains("10.244.3.0/24 via 10.244.3.0 dev " + TUNNEL);
        assertThat(apply("1")).as("nothing is changed twice").isZero();
    }

    @Test
    void theSameHoldsForIpv6BesideIpv4() {
        applyEverywhere();
        assertThat(reaches6("1", "1", 56)).as("itself").isTrue();
        assertThat(reaches6("1", "2", 56)).as("without routes").isFalse();
        List.of("1", "2", "3").forEach(this::apply6);
        for (String from : List.of("1", "2", "3")) {
            for (String to : List.of("1", "2", "3")) {
                Await.until(from + " reaches " + to, () -> reaches6(from, to, 56));
            }
        }
        assertThat(reaches("1", "3")).as("through the other tunnel").isTrue();
        assertThat(reaches6("1", "3", 3000)).as("in pieces").isTrue();
        assertThat(inside("1", "ip -6 route show proto 77"))
                .contains("fd00:10:244:2::/64 via 2001:db8::12 dev eth0")
                .contains("fd00:10:244:3::/64 via fd00:10:244:3:: dev " + TUNNEL_6);
        assertThat(inside("1", "ip link show " + TUNNEL_6)).contains("mtu 1430 ");
        assertThat(apply6("1")).as("nothing is changed twice").isZero();
        assertThat(apply("1")).isZero();
        nodes.removeLast();
        assertThat(apply6("1")).isEqualTo(1);
        assertThat(inside("1", "ip link show")).doesNotContain(TUNNEL_6).contains(TUNNEL);
        assertThat(inside("1", "ip -6 route show proto 77")).doesNotContain("fd00:10:244:3::");
    }

    @Test
    void routesFollowTheNodesAndLeaveOthersAlone() {
        inside("1", "ip route add 10.244.99.0/24 via 192.0.2.1");
        inside("1", "ip route add 203.0.113.0/24 via 192.0.2.1 proto 77");
        applyEverywhere();
        Node moved = nodes.remove(1);
        assertThat(apply("1")).isEqualTo(1);
        assertThat(inside("1", "ip route show")).doesNotContain("10.244.2.0/24");
        assertThat(reaches("1", "2")).isFalse();

        // The node comes again with another address.
        moved.getStatus().getAddresses().getFirst().setAddress("192.0.2.22");
        inside("2", "ip addr add 192.0.2.22/24 dev eth0");
        nodes.add(moved);
        apply("1");
        Await.until("it is reached again", () -> reaches("1", "2"));

        // And the one behind the router goes: the tunnel with it.
        nodes.remove(1);
        apply("1");
        assertThat(inside("1", "ip link show")).doesNotContain(TUNNEL);
        assertThat(inside("1", "ip route show"))
                .contains("10.244.99.0/24")
                .contains("203.0.113.0/24")
                .doesNotContain("10.244.3.0/24");
    }
}
