package io.mokube.apiserver.verbs;

import io.mokube.machinery.address.Family;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A range of addresses, of which the first and the last are not given out.
 *
 * @param base the first address, as a number
 * @param length how many bytes an address has
 * @param size how many addresses there are, at most 2^30: more are not needed
 */
public record AddressRange(BigInteger base, int length, int size) {

    private static final int MOST_BITS = 30;

    /**
     * Reads {@code 10.96.0.0/12}.
     *
     * @throws IllegalArgumentException when it is no such range, or one of less than four addresses
     */
    public static AddressRange parse(String cidr) {
        int slash = cidr.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("not a range of addresses such as 10.96.0.0/12: " + cidr);
        }
        byte[] address = InetAddress.ofLiteral(cidr.substring(0, slash)).getAddress();
        int bits = address.length * 8 - Integer.parseInt(cidr.substring(slash + 1));
        if (bits < 2 || bits > address.length * 8) {
            throw new IllegalArgumentException("the range of service addresses is too small or too large: " + cidr);
        }
        BigInteger base = new BigInteger(1, address).shiftRight(bits).shiftLeft(bits);
        return new AddressRange(base, address.length, 1 << Math.min(bits, MOST_BITS));
    }

    /** The same; empty when it is no such range, or a tiny one. */
    static Optional<AddressRange> find(String cidr) {
        try {
            return Optional.of(parse(cidr));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** {@code IPv4} or {@code IPv6}. */
    public String family() {
        return (length == Integer.BYTES ? Family.IPV4 : Family.IPV6).apiName();
    }

    /** The first address given out, which belongs to the {@code kubernetes} service. */
    public InetAddress first() {
        return at(1);
    }

    /** Any address but the first. */
    InetAddress random(RandomGenerator random) {
        return at(2 + random.nextInt(size - 3));
    }

    boolean contains(InetAddress address) {
        BigInteger offset = new BigInteger(1, address.getAddress()).subtract(base);
        return address.getAddress().length == length
                && offset.signum() > 0
                && offset.compareTo(BigInteger.valueOf(size - 1L)) < 0;
    }

    private InetAddress at(int offset) {
        byte[] number = base.add(BigInteger.valueOf(offset)).toByteArray();
        byte[] address = new byte[length];
        int used = Math.min(number.length, length);
        System.arraycopy(number, number.length - used, address, length - used, used);
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("the length of an address is right by construction", e);
        }
    }
}
