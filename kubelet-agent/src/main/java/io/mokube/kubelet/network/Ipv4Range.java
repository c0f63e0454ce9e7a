package io.mokube.kubelet.network;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Adjacent IPv4 addresses with a common prefix.
 *
 * @param first the lowest address
 * @param prefix how many bits they share
 */
public record Ipv4Range(long first, int prefix) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})/(\\d{1,2})");
    private static final int BITS = 32;

    /** Reads such as {@code 10.244.1.0/24}, or the network of {@code 10.244.1.7/24}; nothing when it is no such range. */
    public static Optional<Ipv4Range> parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches() || Integer.parseInt(parts.group(5)) > BITS) {
            return Optional.empty();
        }
        long address = 0;
        for (int i = 1; i <= 4; i++) {
            int number = Integer.parseInt(parts.group(i));
            if (number > 255) {
                return Optional.empty();
            }
            address = address << 8 | number;
        }
        int prefix = Integer.parseInt(parts.group(5));
        return Optional.of(new Ipv4Range(address & mask(prefix), prefix));
    }

    /** Reads one address. */
    public static Optional<Ipv4Range> address(String text) {
        return parse(text + "/" + BITS);
    }

    private static long mask(int prefix) {
        return (0xFFFFFFFFL << (BITS - prefix)) & 0xFFFFFFFFL;
    }

    /** Whether all addresses of the other are among these. */
    public boolean contains(Ipv4Range other) {
        return other.prefix >= prefix && (other.first & mask(prefix)) == first;
    }

    /** One of the addresses, counted from 0. */
    public String address(long index) {
        long address = first + index;
        return (address >> 24 & 255) + "." + (address >> 16 & 255) + "." + (address >> 8 & 255) + "." + (address & 255);
    }

    @Override
    public String toString() {
        return address(0) + "/" + prefix;
    }
}
