package io.mokube.controllermanager.controllers.loadbalancer;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The addresses that services of type LoadBalancer get.
 *
 * @param ranges of one or both address families, in the order in which they are used up
 */
public record AddressPool(List<Range> ranges) {

    /** No service gets an address from here. */
    public static final AddressPool NONE = new AddressPool(List.of());

    /** Addresses from the first to the last, both included. */
    record Range(BigInteger first, BigInteger last, int bits) {

        boolean contains(BigInteger address, int addressBits) {
            return bits == addressBits && first.compareTo(address) <= 0 && address.compareTo(last) <= 0;
        }
    }

    public AddressPool {
        ranges = List.copyOf(ranges);
    }

    /**
     * Reads blocks ({@code 192.0.2.0/24}), ranges ({@code 192.0.2.10-192.0.2.20}) and single addresses. The first and the
     * last address of an IPv4 block are left out: they name the network and all of its machines.
     *
     * @throws IllegalArgumentException when one is none of these; the message says which
     */
    public static AddressPool parse(List<String> texts) {
        List<Range> ranges = new ArrayList<>();
        for (String text : texts) {
            ranges.add(range(text.strip())
                    .orElseThrow(() -> new IllegalArgumentException("\"" + text
                            + "\" is no block, range or address for load balancers, such as 192.0.2.0/24 or"
                            + " 192.0.2.10-192.0.2.20")));
        }
        return new AddressPool(ranges);
    }

    private static Optional<Range> range(String text) {
        if (text.indexOf('/') >= 0) {
            return Cidr.parse(text).map(AddressPool::block);
        }
        String[] ends = text.split("-", 2);
        Optional<IpAddress> first = address(ends[0].strip());
        Optional<IpAddress> last = address(ends[ends.length - 1].strip());
        if (first.isEmpty() || last.isEmpty() || bits(first.get()) != bits(last.get())) {
            return Optional.empty();
        }
        Range range = new Range(number(first.get()), number(last.get()), bits(first.get()));
        return range.first().compareTo(range.last()) <= 0 ? Optional.of(range) : Optional.empty();
    }

    private static Range block(Cidr cidr) {
        int bits = cidr.address().bytes().length * Byte.SIZE;
        int free = bits - cidr.prefix();
        BigInteger first =
                new BigInteger(1, cidr.address().bytes()).shiftRight(free).shiftLeft(free);
        BigInteger last = first.add(BigInteger.ONE.shiftLeft(free)).subtract(BigInteger.ONE);
        return bits == 32 && free >= 2
                ? new Range(first.add(BigInteger.ONE), last.subtract(BigInteger.ONE), bits)
                : new Range(first, last, bits);
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** Whether the pool has addresses of a family, {@code IPv4} or {@code IPv6}. */
    boolean has(String family) {
        return ranges.stream().anyMatch(each -> family(each.bits()).equals(family));
    }

    /** Whether the address is one of the pool's. */
    boolean contains(String text) {
        return address(text)
                .filter(address -> ranges.stream().anyMatch(each -> each.contains(number(address), bits(address))))
                .isPresent();
    }

    /** The first address of the family that is not taken; nothing when all are. Takes time by how many are taken. */
    Optional<String> firstFree(String family, Predicate<String> taken) {
        for (Range range : ranges) {
            if (family(range.bits()).equals(family)) {
                BigInteger next = range.first();
                while (next.compareTo(range.last()) <= 0) {
                    String text = text(next, range.bits());
                    if (!taken.test(text)) {
                        return Optional.of(text);
                    }
                    next = next.add(BigInteger.ONE);
                }
            }
        }
        return Optional.empty();
    }

    /** The address as it is written down; nothing when the text is none. */
    static Optional<String> canonical(String text) {
        return IpAddress.parse(text).map(IpAddress::text);
    }

    /** The family of an address in its canonical form. */
    static String familyOf(String address) {
        return Family.of(address).apiName();
    }

    private static String family(int bits) {
        return (bits == Family.IPV4.bits() ? Family.IPV4 : Family.IPV6).apiName();
    }

    private static String text(BigInteger address, int bits) {
        byte[] number = address.toByteArray();
        byte[] bytes = new byte[bits / Byte.SIZE];
        int length = Math.min(number.length, bytes.length);
        System.arraycopy(number, number.length - length, bytes, bytes.length - length, length);
        try {
            return IpAddress.of(InetAddress.getByAddress(bytes)).text();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e); // the length is right
        }
    }

    private static Optional<IpAddress> address(String text) {
        return IpAddress.parse(text);
    }

    private static int bits(IpAddress address) {
        return address.bytes().length * Byte.SIZE;
    }

    private static BigInteger number(IpAddress address) {
        return new BigInteger(1, address.bytes());
    }
}
