package io.mokube.proxy.policy.model;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** All addresses from one to another, as numbers. */
public record AddressRange(Family family, BigInteger first, BigInteger last) {

    /** Every address of a family. */
    public static AddressRange all(Family family) {
        return new AddressRange(family, BigInteger.ZERO, size(family.bits()).subtract(BigInteger.ONE));
    }

    public static AddressRange of(Cidr cidr) {
        BigInteger first = number(cidr.address());
        BigInteger size = size(cidr.family().bits() - cidr.prefix());
        return new AddressRange(cidr.family(), first, first.add(size).subtract(BigInteger.ONE));
    }

    /** A block's ranges in ascending order. */
    public static List<AddressRange> of(Peer.Block block) {
        List<AddressRange> ranges = new ArrayList<>();
        AddressRange whole = of(block.range());
        BigInteger next = whole.first;
        List<AddressRange> holes = block.except().stream()
                .filter(each -> each.family() == whole.family)
                .map(AddressRange::of)
                .sorted(Comparator.comparing(AddressRange::first))
                .toList();
        for (AddressRange hole : holes) {
            if (next.compareTo(hole.first) < 0) {
                ranges.add(new AddressRange(
                        whole.family, next, hole.first.subtract(BigInteger.ONE).min(whole.last)));
            }
            next = next.max(hole.last.add(BigInteger.ONE));
        }
        if (next.compareTo(whole.last) <= 0) {
            ranges.add(new AddressRange(whole.family, next, whole.last));
        }
        return ranges;
    }

    public static BigInteger number(IpAddress address) {
        return new BigInteger(1, address.bytes());
    }

    public boolean contains(IpAddress address) {
        if (address.family() != family) {
            return false;
        }
        BigInteger number = number(address);
        return first.compareTo(number) <= 0 && number.compareTo(last) <= 0;
    }

    /** As nftables writes it: with a prefix where that is possible. */
    public String text() {
        if (first.equals(last)) {
            return text(first);
        }
        BigInteger size = last.subtract(first).add(BigInteger.ONE);
        int free = size.bitLength() - 1;
        return size.bitCount() == 1 && first.mod(size).signum() == 0
                ? text(first) + "/" + (family.bits() - free)
                : text(first) + "-" + text(last);
    }

    private String text(BigInteger number) {
        if (family == Family.IPV4) {
            return IntStream.of(24, 16, 8, 0)
                    .mapToObj(shift -> Integer.toString(number.shiftRight(shift).intValue() & 0xff))
                    .collect(Collectors.joining("."));
        }
        String groups = IntStream.iterate(112, shift -> shift >= 0, shift -> shift - 16)
                .mapToObj(shift -> Integer.toHexString(number.shiftRight(shift).intValue() & 0xffff))
                .collect(Collectors.joining(":"));
        // The JDK makes an IPv4 address of one that is mapped into IPv6.
        return IpAddress.parse(groups)
                .filter(each -> each.family() == family)
                .map(IpAddress::text)
                .orElse(groups);
    }

    private static BigInteger size(int bits) {
        return BigInteger.ONE.shiftLeft(bits);
    }
}
