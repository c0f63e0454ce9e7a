package io.mokube.controllermanager.controllers.address;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * A block of addresses.
 *
 * @param first its first address, as a number
 * @param bits how many an address has, 32 or 128
 * @param prefix how many of them all addresses of the block share
 */
public record Cidr(BigInteger first, int bits, int prefix) {

    /** Reads {@code 10.244.0.0/16}; nothing when it is no block. Bits behind the prefix don't count. */
    public static Optional<Cidr> parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return Optional.empty();
        }
        try {
            byte[] address = InetAddress.ofLiteral(text.substring(0, slash)).getAddress();
            int bits = address.length * 8;
            int prefix = Integer.parseInt(text.substring(slash + 1));
            return prefix < 0 || prefix > bits
                    ? Optional.empty()
                    : Optional.of(new Cidr(
                            new BigInteger(1, address).shiftRight(bits - prefix).shiftLeft(bits - prefix),
                            bits,
                            prefix));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    public boolean contains(InetAddress address) {
        return address.getAddress().length * 8 == bits
                && new BigInteger(1, address.getAddress())
                        .shiftRight(bits - prefix)
                        .equals(first.shiftRight(bits - prefix));
    }

    public boolean contains(Cidr other) {
        return bits == other.bits
                && prefix <= other.prefix
                && first.shiftRight(bits - prefix).equals(other.first.shiftRight(bits - prefix));
    }

    /** The block of a longer prefix in this one that has this number, from 0. */
    public Cidr block(int longer, int number) {
        return new Cidr(first.add(BigInteger.valueOf(number).shiftLeft(bits - longer)), bits, longer);
    }

    /** The number of the block of a longer prefix in this one in which the other's first address lies. */
    public int numberOf(int longer, Cidr other) {
        return other.first.subtract(first).shiftRight(bits - longer).intValueExact();
    }

    @Override
    public String toString() {
        return (bits == 32 ? v4() : v6()) + "/" + prefix;
    }

    private String v4() {
        long number = first.longValueExact();
        return "%d.%d.%d.%d".formatted(number >> 24, number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff);
    }

    /** The form of RFC 5952, which Java does not write: the longest run of zeros becomes {@code ::}. */
    private String v6() {
        int[] groups = new int[8];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = first.shiftRight(16 * (7 - i)).intValue() & 0xffff;
        }
        int start = 0;
        int length = 0;
        for (int i = 0, run = 0; i < groups.length; i++) {
            run = groups[i] == 0 ? run + 1 : 0;
            if (run > length) {
                length = run;
                start = i - run + 1;
            }
        }
        return length < 2
                ? hex(groups, 0, groups.length)
                : hex(groups, 0, start) + "::" + hex(groups, start + length, groups.length);
    }

    private static String hex(int[] groups, int from, int to) {
        StringJoiner text = new StringJoiner(":");
        for (int i = from; i < to; i++) {
            text.add(Integer.toHexString(groups[i]));
        }
        return text.toString();
    }
}
