package io.mokube.kubelet.network;

import java.util.Locale;

/** The way to the pods of another node. */
public sealed interface NodeRoute {

    /** The addresses of that node's pods. */
    Ipv4Range pods();

    /**
     * The node is on a network that this one is on too, and takes the packets as they are.
     *
     * @param node that node's address
     */
    record Direct(Ipv4Range pods, String node) implements NodeRoute {}

    /** There are routers in between, which know nothing of pods: packets travel inside of others (VXLAN). */
    record Tunnel(Ipv4Range pods, String node) implements NodeRoute {

        /** The address of the tunnel's end on that node: the first of its pods' addresses, which no pod has. */
        String end() {
            return pods.address(0);
        }

        /** The hardware address of that end. It follows from the pods' addresses, so that nobody has to announce it. */
        String hardwareAddress() {
            return hardwareAddress(pods);
        }

        static String hardwareAddress(Ipv4Range pods) {
            // Administered locally; the two bytes in front tell it from those of bridges.
            return String.format(
                    Locale.ROOT,
                    "0a:4d:%02x:%02x:%02x:%02x",
                    pods.first() >> 24 & 255,
                    pods.first() >> 16 & 255,
                    pods.first() >> 8 & 255,
                    pods.first() & 255);
        }
    }
}
