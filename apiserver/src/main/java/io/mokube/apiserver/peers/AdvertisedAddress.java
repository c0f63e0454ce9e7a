package io.mokube.apiserver.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** At which address the others of the cluster, and its pods, find an API server. */
public final class AdvertisedAddress {

    /** Addresses of documentation, which are nobody's: what leads there is the default route. */
    private static final String SOMEWHERE_4 = "198.51.100.1";

    private static final String SOMEWHERE_6 = "2001:db8::1";
    private static final int ANY_PORT = 9;

    private AdvertisedAddress() {}

    /**
     * What is configured; else the address that is listened on when it is one; else the machine's own.
     *
     * @param configured an address, or null
     * @param bindAddress where the server listens
     * @param family any address of the family that is wanted of the machine's
     * @return empty when the address is on loopback or link-local, where only this machine would find the server
     * @throws IllegalArgumentException when an address is configured that is none
     */
    public static Optional<InetAddress> of(@Nullable String configured, String bindAddress, InetAddress family) {
        if (configured != null) {
            return Optional.of(InetAddress.ofLiteral(configured)).filter(AdvertisedAddress::isReachable);
        }
        try {
            InetAddress bound = InetAddress.getByName(bindAddress);
            return bound.isAnyLocalAddress()
                    ? ofMachine(family)
                    : Optional.of(bound).filter(AdvertisedAddress::isReachable);
        } catch (UnknownHostException e) { // nothing can listen there either, which is said elsewhere
            return Optional.empty();
        }
    }

    /** The machine's address on the way out of it, else the first one that others can reach. */
    public static Optional<InetAddress> ofMachine(InetAddress family) {
        return onDefaultRoute(family).or(() -> onAnyInterface(family));
    }

    /** Asks the system which address it would send from. Nothing is sent. */
    private static Optional<InetAddress> onDefaultRoute(InetAddress family) {
        boolean isFour = family.getAddress().length == 4;
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(isFour ? SOMEWHERE_4 : SOMEWHERE_6), ANY_PORT));
            return Optional.of(socket.getLocalAddress())
                    .filter(address -> isSameFamily(address, family) && isReachable(address));
        } catch (IOException | UncheckedIOException e) { // there is no such route
            return Optional.empty();
        }
    }

    private static Optional<InetAddress> onAnyInterface(InetAddress family) {
        try {
            return NetworkInterface.networkInterfaces()
                    .filter(AdvertisedAddress::isUp)
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> isSameFamily(address, family) && isReachable(address))
                    .findFirst();
        } catch (SocketException e) { // there is no interface at all
            return Optional.empty();
        }
    }

    private static boolean isUp(NetworkInterface each) {
        try {
            return each.isUp();
        } catch (SocketException e) {
            return false;
        }
    }

    private static boolean isSameFamily(InetAddress address, InetAddress family) {
        return address.getAddress().length == family.getAddress().length;
    }

    /** Kubernetes refuses all others as endpoints. */
    private static boolean isReachable(InetAddress address) {
        return !address.isLoopbackAddress()
                && !address.isLinkLocalAddress()
                && !address.isAnyLocalAddress()
                && !address.isMulticastAddress();
    }
}
