package io.mokube.machinery.address;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A range of addresses with a common prefix, with no bits set behind it.
 *
 * @param address the first address
 * @param prefix how many leading bits all addresses share
 */
public record Cidr(IpAddress address, int prefix) {

    /** Clears the bits behind the prefix. */
    public Cidr {
        if (prefix < 0 || prefix > address.family().bits()) {
            throw new IllegalArgumentException(address + " has no prefix of " + prefix + " bits");
        }
        byte[] bytes = address.bytes();
        if (clear(bytes, prefix)) {
            address = IpAddress.of(bytes);
        }
    }

    /** The range in this text; nothing when there is none. Bits behind the prefix are cleared, spaces around dropped. */
    public static Optional<Cidr> parse(String text) {
        String trimmed = text.strip();
        int slash = trimmed.indexOf('/');
        int prefix = slash < 0 ? -1 : number(trimmed.substring(slash + 1));
        return prefix < 0
                ? Optional.empty()
                : IpAddress.parse(trimmed.substring(0, slash))
                        .filter(address -> prefix <= address.family().bits())
                        .map(address -> new Cidr(address, prefix));
    }

    /**
     * The range in this text.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static Cidr of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is no range of addresses"));
    }

    /** The range of this one address. */
    public static Cidr of(IpAddress address) {
        return new Cidr(address, address.family().bits());
    }

    private static int number(String digits) {
        return digits.length() <= 3 && digits.matches("[0-9]+") ? Integer.parseInt(digits) : -1;
    }

    public Family family() {
        return address.family();
    }

    public boolean contains(IpAddress other) {
        if (other.family() != family()) {
            return false;
        }
        byte[] bytes = other.bytes();
        clear(bytes, prefix);
        return Arrays.equals(bytes, address.bytes());
    }

    /** Whether all addresses of the other are among these. */
    public boolean contains(Cidr other) {
        return prefix <= other.prefix && contains(other.address);
    }

    /** Whether an address is in both. */
    public boolean overlaps(Cidr other) {
        return contains(other) || other.contains(this);
    }

    /** How many addresses there are. */
    public BigInteger size() {
        return BigInteger.ONE.shiftLeft(family().bits() - prefix);
    }

    /**
     * One of the addresses, counted from 0.
     *
     * @throws IndexOutOfBoundsException when there are not so many
     */
    public IpAddress address(long index) {
        BigInteger number = BigInteger.valueOf(index);
        if (number.signum() < 0 || number.compareTo(size()) >= 0) {
            throw new IndexOutOfBoundsException(this + " has no address " + index);
        }
        return address(first().add(number));
    }

    /**
     * The range of a longer prefix in this one that has this number, from 0.
     *
     * @throws IndexOutOfBoundsException when there are not so many
     */
    public Cidr block(int longer, int number) {
        if (number < 0 || BigInteger.valueOf(number).bitLength() > longer - prefix) {
            throw new IndexOutOfBoundsException(this + " has no range " + number + " of prefix " + longer);
        }
        return new Cidr(address(first().add(BigInteger.valueOf(number).shiftLeft(family().bits() - longer))), longer);
    }

    /**
     * The number of the range of a longer prefix in this one in which the other's first address lies.
     *
     * @throws ArithmeticException when it is no {@code int}
     */
    public int numberOf(int longer, Cidr other) {
        return other.first()
                .subtract(first())
                .shiftRight(family().bits() - longer)
                .intValueExact();
    }

    /** The same addresses in ranges of which none lies within another. */
    public static List<Cidr> disjoint(Collection<Cidr> ranges) {
        Set<Cidr> distinct = new LinkedHashSet<>(ranges);
        return distinct.stream()
                .filter(each ->
                        distinct.stream().noneMatch(other -> other.prefix < each.prefix && other.contains(each)))
                .toList();
    }

    private BigInteger first() {
        return new BigInteger(1, address.bytes());
    }

    private IpAddress address(BigInteger number) {
        byte[] bytes = new byte[family().bits() / Byte.SIZE];
        byte[] digits = number.toByteArray(); // shorter or, with the sign, one longer
        int length = Math.min(digits.length, bytes.length);
        System.arraycopy(digits, digits.length - length, bytes, bytes.length - length, length);
        return IpAddress.of(bytes);
    }

    /** Whether a bit behind the prefix was set. */
    private static boolean clear(byte[] bytes, int prefix) {
        boolean wasSet = false;
        for (int i = prefix / Byte.SIZE; i < bytes.length; i++) {
            int kept = i * Byte.SIZE < prefix ? 0xff << (Byte.SIZE - prefix % Byte.SIZE) : 0;
            wasSet |= (bytes[i] & ~kept & 0xff) != 0;
            bytes[i] &= (byte) kept;
        }
        return wasSet;
    }

    @Override
    public String toString() {
        return address + "/" + prefix;
    }
}
