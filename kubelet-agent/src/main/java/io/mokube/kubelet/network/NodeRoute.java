package io.mokube.kubelet.network;

import io.mokube.machinery.address.Cidr;

/** The way to the pods of another node. */
public sealed interface NodeRoute {

    /** The addresses of that node's pods. */
    Cidr pods();

    /**
     * The node is on a network that this one is on too, and takes the packets as they are.
     *
     * @param node that node's address
     */
    record Direct(Cidr pods, String node) implements NodeRoute {}

    /** There are routers in between, which know nothing of pods: packets travel inside of others (VXLAN). */
    record Tunnel(Cidr pods, String node) implements NodeRoute {

        /** The address of the tunnel's end on that node: the first of its pods' addresses, which no pod has. */
        String end() {
            return pods.address().text();
        }

        /** The hardware address of that end. It follows from the pods' addresses, so that nobody has to announce it. */
        String hardwareAddress() {
            return hardwareAddress(pods);
        }

        static String hardwareAddress(Cidr pods) {
            return HardwareAddresses.of(0x4d, pods.address());
        }
    }
}
