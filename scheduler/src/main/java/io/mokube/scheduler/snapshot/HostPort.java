package io.mokube.scheduler.snapshot;

/**
 * A port of the node that a pod wants for itself.
 *
 * @param ip the node's address, {@code 0.0.0.0} for all of them
 */
public record HostPort(String protocol, String ip, int port) {

    private static final String ALL_ADDRESSES = "0.0.0.0";

    static HostPort of(String protocol, String ip, int port) {
        return new HostPort(protocol.isEmpty() ? "TCP" : protocol, ip.isEmpty() ? ALL_ADDRESSES : ip, port);
    }

    /** Whether both can't be had on one node. */
    public boolean conflictsWith(HostPort other) {
        return port == other.port
                && protocol.equals(other.protocol)
                && (ip.equals(other.ip) || ip.equals(ALL_ADDRESSES) || other.ip.equals(ALL_ADDRESSES));
    }
}
