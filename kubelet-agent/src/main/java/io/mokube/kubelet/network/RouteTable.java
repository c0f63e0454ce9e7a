package io.mokube.kubelet.network;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The kernel's routes of one address family to other nodes' pods, changed by difference. Ours are told by a protocol number and by where they lead:
 * whatever else is in the table is left alone.
 *
 * <p>The tunnel is one interface for all nodes, without learning: whose packets go where is written down for each of them.
 */
final class RouteTable {

    /** Who made a route; no other program has this number in the kernel's list. */
    static final String PROTOCOL = "77";

    private static final int VXLAN_ID = 77;
    private static final int VXLAN_PORT = 8472;

    /** What the packet around another takes: its own headers of IP, UDP and VXLAN, and the Ethernet header inside. */
    private static final int IPV4_OVERHEAD = 50;

    private static final int IPV6_OVERHEAD = 70;

    private static final int USUAL_MTU = 1500;

    private final Family family;
    private final List<String> prefix;
    private final String tunnel;

    /**
     * @param tunnel the name of the interface that is made for tunnels, at most 15 characters
     * @param prefix put before each command, such as {@code ip netns exec node-1}
     */
    RouteTable(Family family, String tunnel, List<String> prefix) {
        this.family = family;
        this.tunnel = tunnel;
        this.prefix = List.copyOf(prefix);
    }

    private int overhead() {
        return family == Family.IPV4 ? IPV4_OVERHEAD : IPV6_OVERHEAD;
    }

    /** The networks of the family that this machine is on; those that every link of IPv6 has by itself are none. */
    List<RoutePlan.Link> links() {
        List<RoutePlan.Link> links = new ArrayList<>();
        for (JsonNode device : json("ip", "-j", flag(), "addr", "show")) {
            String name = device.path("ifname").asString("");
            for (JsonNode each : device.path("addr_info")) {
                String address = each.path("local").asString("");
                if (family == Family.IPV6 && each.path("scope").asString("").equals("link")) {
                    continue;
                }
                Cidr.parse(address + "/" + each.path("prefixlen").asInt(0))
                        .ifPresent(network -> links.add(new RoutePlan.Link(name, address, network)));
            }
        }
        return links;
    }

    /**
     * Makes the kernel have these routes.
     *
     * @param cluster the addresses of all pods; routes to others are never ours
     * @param own the addresses of this node's pods
     * @return how many were changed
     * @throws ComponentException when that can't be; the message says why
     */
    int apply(List<NodeRoute> wanted, Cidr cluster, @Nullable Cidr own) {
        boolean tunnels = wanted.stream().anyMatch(NodeRoute.Tunnel.class::isInstance);
        if (tunnels && own != null) {
            ensureTunnel(own, tunnelMtu(wanted).orElse(USUAL_MTU - overhead()));
        }
        Map<Cidr, String> present = present(cluster);
        Map<Cidr, String> missing = new LinkedHashMap<>();
        for (NodeRoute route : wanted) {
            if (route instanceof NodeRoute.Tunnel && own == null) {
                continue; // without pods there is no end of the tunnel
            }
            missing.put(route.pods(), via(route));
        }
        List<String> commands = new ArrayList<>();
        present.forEach((pods, via) -> {
            if (!missing.containsKey(pods)) {
                commands.add("route del " + pods + " proto " + PROTOCOL);
            }
        });
        missing.forEach((pods, via) -> {
            if (!via.equals(present.get(pods))) {
                commands.add("route replace " + pods + " " + via + " proto " + PROTOCOL);
            }
        });
        if (!commands.isEmpty()) {
            // One that the kernel refuses must not hold back the others.
            run(String.join("\n", commands) + "\n", "ip", flag(), "-force", "-batch", "-");
        }
        if (tunnels && own != null) {
            applyTunnelEnds(wanted);
        } else if (tunnelIsThere()) {
            run("", "ip", "link", "delete", tunnel);
        }
        return commands.size();
    }

    private String via(NodeRoute route) {
        return switch (route) {
            case NodeRoute.Direct direct -> "via " + direct.node();
            case NodeRoute.Tunnel through -> "via " + through.end() + " dev " + tunnel + " onlink";
        };
    }

    private Map<Cidr, String> present(Cidr cluster) {
        Map<Cidr, String> routes = new HashMap<>();
        for (JsonNode route : json("ip", "-j", flag(), "route", "show", "proto", PROTOCOL)) {
            String destination = route.path("dst").asString("");
            Optional<Cidr> pods =
                    Cidr.parse(destination.contains("/") ? destination : destination + "/" + family.bits());
            String device = route.path("dev").asString("");
            String via = "via " + route.path("gateway").asString("")
                    + (device.equals(tunnel) ? " dev " + tunnel + " onlink" : "");
            pods.filter(cluster::contains).ifPresent(each -> routes.put(each, via));
        }
        return routes;
    }

    private String flag() {
        return family == Family.IPV4 ? "-4" : "-6";
    }

    // ---- the tunnel

    /**
     * How large packets in the tunnel may be: less than on the interface that they leave by, which is taken from the way to
     * the first node behind a tunnel.
     *
     * @return bytes; nothing when no route needs a tunnel
     */
    OptionalInt tunnelMtu(List<NodeRoute> wanted) {
        Optional<NodeRoute.Tunnel> first = wanted.stream()
                .filter(NodeRoute.Tunnel.class::isInstance)
                .map(NodeRoute.Tunnel.class::cast)
                .findFirst();
        if (first.isEmpty()) {
            return OptionalInt.empty();
        }
        String device = json("ip", "-j", "route", "get", first.get().node())
                .path(0)
                .path("dev")
                .asString("");
        int mtu = USUAL_MTU;
        for (JsonNode link : json("ip", "-j", "link", "show")) {
            if (link.path("ifname").asString("").equals(device)) {
                mtu = link.path("mtu").asInt(USUAL_MTU);
            }
        }
        return OptionalInt.of(mtu - overhead());
    }

    private boolean tunnelIsThere() {
        for (JsonNode link : json("ip", "-j", "link", "show")) {
            if (link.path("ifname").asString("").equals(tunnel)) {
                return true;
            }
        }
        return false;
    }

    private void ensureTunnel(Cidr own, int mtu) {
        if (!tunnelIsThere()) {
            run(
                    "link add " + tunnel + " address " + NodeRoute.Tunnel.hardwareAddress(own) + " type vxlan id "
                            + VXLAN_ID + " dstport " + VXLAN_PORT + " nolearning"
                            + "\n",
                    "ip",
                    // Of which family the packets around are; each has a socket of its own.
                    flag(),
                    "-batch",
                    "-");
        }
        run(
                "addr replace " + own.address() + "/" + family.bits() + " dev " + tunnel
                        + (family == Family.IPV6 ? " nodad" : "") + "\nlink set " + tunnel + " mtu " + mtu + " up\n",
                "ip",
                "-batch",
                "-");
    }

    /** To whom packets for each end go; those of nodes that went are taken out. */
    private void applyTunnelEnds(List<NodeRoute> wanted) {
        Map<String, String> nodes = new LinkedHashMap<>();
        StringBuilder neighbours = new StringBuilder();
        for (NodeRoute route : wanted) {
            if (route instanceof NodeRoute.Tunnel through) {
                nodes.put(through.hardwareAddress(), through.node());
                neighbours
                        .append("neigh replace ")
                        .append(through.end())
                        .append(" lladdr ")
                        .append(through.hardwareAddress())
                        .append(" dev ")
                        .append(tunnel)
                        .append(" nud permanent\n");
            }
        }
        run(neighbours.toString(), "ip", "-batch", "-");
        StringBuilder forwarding = new StringBuilder();
        for (JsonNode entry : json("bridge", "-j", "fdb", "show", "dev", tunnel)) {
            String end = entry.path("mac").asString("");
            String node = entry.path("dst").asString("");
            if (Objects.equals(nodes.get(end), node)) {
                nodes.remove(end);
            } else if (!node.isEmpty()) {
                forwarding
                        .append("fdb del ")
                        .append(end)
                        .append(" dev ")
                        .append(tunnel)
                        .append(" dst ")
                        .append(node)
                        .append('\n');
            }
        }
        nodes.forEach((end, node) -> forwarding
                .append("fdb append ")
                .append(end)
                .append(" dev ")
                .append(tunnel)
                .append(" dst ")
                .append(node)
                .append('\n'));
        if (!forwarding.isEmpty()) {
            run(forwarding.toString(), "bridge", "-batch", "-");
        }
    }

    private JsonNode json(String... command) {
        String output = run("", command).strip();
        return Json.MAPPER.readTree(output.isEmpty() ? "[]" : output);
    }

    private String run(String input, String... command) {
        List<String> words = new ArrayList<>(prefix);
        words.add(Programs.find(command[0]).map(Object::toString).orElse(command[0]));
        words.addAll(List.of(command).subList(1, command.length));
        return Programs.run(words, input);
    }
}
