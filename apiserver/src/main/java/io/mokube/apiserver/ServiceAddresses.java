package io.mokube.apiserver;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** The range that services get their addresses from. */
final class ServiceAddresses {

    private ServiceAddresses() {}

    /** The first address of a range, which belongs to the {@code kubernetes} service. */
    static InetAddress first(String cidr) {
        byte[] base =
                InetAddress.ofLiteral(cidr.substring(0, cidr.indexOf('/'))).getAddress();
        byte[] next = new BigInteger(1, base).add(BigInteger.ONE).toByteArray();
        byte[] address = new byte[base.length];
        int length = Math.min(next.length, address.length);
        System.arraycopy(next, next.length - length, address, address.length - length, length);
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("the length of an address is right by construction", e);
        }
    }
}
