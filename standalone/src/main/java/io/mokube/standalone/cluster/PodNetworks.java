package io.mokube.standalone.cluster;

import io.mokube.machinery.component.ComponentException;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.HashSet;
import java.util.Set;

/** Finds a pod network that nothing else on this machine uses. */
final class PodNetworks {

    private static final int FIRST = 200;
    private static final int LAST = 254;

    private PodNetworks() {}

    /**
     * The second number of a network {@code 10.N.0.0/16} in which no interface of this machine has an address.
     *
     * @throws ComponentException when there is none
     */
    static int free() {
        Set<Integer> used = new HashSet<>();
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(each -> each.getInterfaceAddresses().stream())
                    .map(InterfaceAddress::getAddress)
                    .map(address -> address.getAddress())
                    .filter(bytes -> bytes.length == 4 && bytes[0] == 10)
                    .forEach(bytes -> used.add(Byte.toUnsignedInt(bytes[1])));
        } catch (SocketException e) {
            throw new ComponentException("can't read this machine's addresses: " + e.getMessage(), e);
        }
        for (int network = FIRST; network <= LAST; network++) {
            if (!used.contains(network)) {
                return network;
            }
        }
        throw new ComponentException("all pod networks from 10." + FIRST + ".0.0/16 to 10." + LAST
                + ".0.0/16 are in use on this machine: stop other clusters with `mokube down`");
    }
}
