package io.mokube.apiserver.resources.strategy;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.Optional;

/**
 * A block of IP addresses.
 *
 * @param bits the address it was written with, as a number
 * @param length how many bits an address has
 * @param prefix how many of them all addresses of the block share
 */
record AddressBlock(BigInteger bits, int length, int prefix) {

    /** Reads {@code 10.9.8.0/24}; nothing when it is no block. */
    static Optional<AddressBlock> parse(String cidr) {
        int slash = cidr.indexOf('/');
        String digits = cidr.substring(slash + 1);
        if (slash < 0 || !IpAddress.isValid(cidr.substring(0, slash)) || !digits.matches("0|[1-9][0-9]{0,2}")) {
            return Optional.empty();
        }
        byte[] address = InetAddress.ofLiteral(cidr.substring(0, slash)).getAddress();
        int prefix = Integer.parseInt(digits);
        return prefix > address.length * 8
                ? Optional.empty()
                : Optional.of(new AddressBlock(new BigInteger(1, address), address.length * 8, prefix));
    }

    /** Whether the other block lies in this one and is smaller. */
    boolean strictlyContains(AddressBlock other) {
        return length == other.length
                && prefix < other.prefix
                && bits.shiftRight(length - prefix).equals(other.bits.shiftRight(length - prefix));
    }
}
