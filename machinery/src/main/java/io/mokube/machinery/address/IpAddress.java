package io.mokube.machinery.address;

import java.net.InetAddress;
import java.util.Optional;

/**
 * An IP address in its canonical form (RFC 5952), so that equal addresses are equal texts, as nftables and Kubernetes print
 * them.
 *
 * @param text the canonical text; made by the methods of this class only
 */
public record IpAddress(String text) implements Comparable<IpAddress> {

    private static final int GROUPS = 8;

    /**
     * The address in this text, in any form; nothing when there is none. One with a zone ({@code %eth0}) is none, and an IPv4
     * address in IPv6's form is that IPv4 address.
     */
    public static Optional<IpAddress> parse(String text) {
        boolean six = text.indexOf(':') >= 0;
        if (text.indexOf('%') >= 0
                || (!six && text.chars().filter(each -> each == '.').count() != 3)) {
            return Optional.empty(); // the JDK reads "10.1" as 10.0.0.1
        }
        try {
            return Optional.of(of(InetAddress.ofLiteral(text)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * The address in this text.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static IpAddress of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is no IP address"));
    }

    /** The same address; a zone is dropped. */
    public static IpAddress of(InetAddress address) {
        return of(address.getAddress());
    }

    /** The address of these 4 or 16 bytes, the highest first. */
    static IpAddress of(byte[] bytes) {
        return new IpAddress(bytes.length == 4 ? dotted(bytes) : canonical(bytes));
    }

    public Family family() {
        return Family.of(text);
    }

    /** Its 4 or 16 bytes, the highest first. */
    public byte[] bytes() {
        return InetAddress.ofLiteral(text).getAddress();
    }

    private static String dotted(byte[] bytes) {
        return (bytes[0] & 0xff) + "." + (bytes[1] & 0xff) + "." + (bytes[2] & 0xff) + "." + (bytes[3] & 0xff);
    }

    private static String canonical(byte[] bytes) {
        int[] groups = new int[GROUPS];
        for (int i = 0; i < GROUPS; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
        }
        int longest = -1;
        int length = 1; // a single zero is written out
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                longest = i;
                length = end - i;
            }
            i = Math.max(i, end - 1);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == longest) {
                text.append("::");
                i += length - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }

    @Override
    public int compareTo(IpAddress other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }
}
