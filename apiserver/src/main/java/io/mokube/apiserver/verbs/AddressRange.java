package io.mokube.apiserver.verbs;

import io.mokube.machinery.address.Family;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * A range of addresses, of which the first and the last are not given out.
 *
 * @param base the first address, as a number
 * @param length how many bytes an address has
 * @param bits how many of an address's last bits tell the addresses of the range apart
 */
public record AddressRange(BigInteger base, int length, int bits) {

    /** Of more bits, as only IPv6 has, the first 2^62 addresses are enough to give out. */
    private static final int MOST_BITS = 62;

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
        return new AddressRange(base, address.length, bits);
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
        return get(0);
    }

    private long size() {
        return 1L << Math.min(bits, MOST_BITS);
    }

    /** How many addresses are given out. */
    long count() {
        return size() - 2;
    }

    /**
     * How many of the first addresses are left to those who choose one themselves while there are others: a sixteenth, but at
     * least 16 and at most 256, and none of a range of 16, as in Kubernetes.
     */
    long leftToChoose() {
        return size() <= 16 ? 0 : Math.clamp(size() / 16, 16, 256);
    }

    /** The address given out that stands at an index, from 0. */
    InetAddress get(long index) {
        byte[] number = base.add(BigInteger.valueOf(1 + index)).toByteArray();
        byte[] address = new byte[length];
        int used = Math.min(number.length, length);
        System.arraycopy(number, number.length - used, address, length - used, used);
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("the length of an address is right by construction", e);
        }
    }

    boolean contains(InetAddress address) {
        BigInteger offset = new BigInteger(1, address.getAddress()).subtract(base);
        return address.getAddress().length == length
                && offset.signum() > 0
                && offset.compareTo(BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE)) < 0;
    }
}
