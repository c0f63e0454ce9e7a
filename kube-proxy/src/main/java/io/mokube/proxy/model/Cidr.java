package io.mokube.proxy.model;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A range of addresses, with no bits set behind the prefix.
 *
 * @param address the first address
 * @param prefix how many leading bits all addresses share
 */
public record Cidr(IpAddress address, int prefix) {

    /** The range in this text; nothing when there is none. Bits behind the prefix are cleared, spaces around dropped. */
    public static Optional<Cidr> parse(String text) {
        String trimmed = text.strip();
        int slash = trimmed.indexOf('/');
        if (slash < 0) {
            return Optional.empty();
        }
        return IpAddress.parse(trimmed.substring(0, slash)).flatMap(address -> {
            byte[] bytes = address.bytes();
            int prefix;
            try {
                prefix = Integer.parseInt(trimmed.substring(slash + 1));
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
            if (prefix < 0 || prefix > bytes.length * 8) {
                return Optional.empty();
            }
            clear(bytes, prefix);
            return address(bytes).map(first -> new Cidr(first, prefix));
        });
    }

    /**
     * The range in this text.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static Cidr of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is no range of addresses"));
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

    /** The same addresses in ranges of which none lies within another. */
    public static List<Cidr> disjoint(Collection<Cidr> ranges) {
        Set<Cidr> distinct = new LinkedHashSet<>(ranges);
        return distinct.stream()
                .filter(each -> distinct.stream()
                        .noneMatch(other -> other.prefix < each.prefix && other.contains(each.address)))
                .toList();
    }

    private static void clear(byte[] bytes, int prefix) {
        for (int bit = prefix; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
    }

    private static Optional<IpAddress> address(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < bytes.length; i++) {
            if (bytes.length == 4) {
                text.append(i == 0 ? "" : ".").append(bytes[i] & 0xff);
            } else {
                text.append(i == 0 || i % 2 == 1 ? "" : ":").append("%02x".formatted(bytes[i]));
            }
        }
        return IpAddress.parse(text.toString());
    }

    @Override
    public String toString() {
        return address + "/" + prefix;
    }
}
