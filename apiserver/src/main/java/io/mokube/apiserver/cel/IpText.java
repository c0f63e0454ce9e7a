package io.mokube.apiserver.cel;

import java.util.Optional;

/** Internet addresses and blocks as texts, without ever asking a name server. */
public final class IpText {

    private IpText() {}

    /** The 4 or 16 bytes of an address; nothing when the text is none. */
    public static Optional<byte[]> parse(String text) {
        return text.indexOf(':') >= 0 ? six(text) : four(text);
    }

    /** Whether the text is an address, a slash and a fitting number of bits. */
    public static boolean isCidr(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return false;
        }
        Optional<byte[]> address = parse(text.substring(0, slash));
        int bits = number(text.substring(slash + 1), 3);
        return address.isPresent() && bits >= 0 && bits <= address.get().length * 8;
    }

    /** The canonical text of an address: of an IPv6 address the longest run of zeros is left out. */
    public static String format(byte[] address) {
        StringBuilder text = new StringBuilder();
        if (address.length == 4) {
            for (byte each : address) {
                text.append(text.isEmpty() ? "" : ".").append(each & 0xFF);
            }
            return text.toString();
        }
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (address[2 * i] & 0xFF) << 8 | (address[2 * i + 1] & 0xFF);
        }
        int gap = -1;
        int gapLength = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > gapLength) {
                gap = i;
                gapLength = end - i;
            }
            i = Math.max(i, end);
        }
        for (int i = 0; i < 8; i++) {
            if (i == gap) {
                text.append("::");
                i += gapLength - 1;
                continue;
            }
            if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                text.append(':');
            }
            text.append(Integer.toHexString(groups[i]));
        }
        return text.toString();
    }

    private static Optional<byte[]> four(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return Optional.empty();
        }
        byte[] bytes = new byte[4];
        for (int i = 0; i < 4; i++) {
            int part = number(parts[i], 3);
            boolean hasZero = parts[i].length() > 1 && parts[i].charAt(0) == '0';
            if (part < 0 || part > 255 || hasZero) {
                return Optional.empty();
            }
            bytes[i] = (byte) part;
        }
        return Optional.of(bytes);
    }

    private static Optional<byte[]> six(String text) {
        int gap = text.indexOf("::");
        if (gap != text.lastIndexOf("::")) {
            return Optional.empty();
        }
        String head = gap < 0 ? text : text.substring(0, gap);
        String tail = gap < 0 ? "" : text.substring(gap + 2);
        byte[] first = groups(head);
        byte[] last = groups(tail);
        if (first == null || last == null) {
            return Optional.empty();
        }
        int length = first.length + last.length;
        if (gap < 0 ? length != 16 : length > 14) {
            return Optional.empty();
        }
        byte[] bytes = new byte[16];
        System.arraycopy(first, 0, bytes, 0, first.length);
        System.arraycopy(last, 0, bytes, 16 - last.length, last.length);
        return Optional.of(bytes);
    }

    private static byte @org.jspecify.annotations.Nullable [] groups(String text) {
        if (text.isEmpty()) {
            return new byte[0];
        }
        String[] parts = text.split(":", -1);
        byte[] bytes = new byte[parts.length * 2 + 2];
        int length = 0;
        for (int i = 0; i < parts.length; i++) {
            if (i == parts.length - 1 && parts[i].indexOf('.') >= 0) {
                Optional<byte[]> four = four(parts[i]);
                if (four.isEmpty()) {
                    return null;
                }
                System.arraycopy(four.get(), 0, bytes, length, 4);
                length += 4;
                continue;
            }
            if (parts[i].isEmpty() || parts[i].length() > 4) {
                return null;
            }
            int group = 0;
            for (int c = 0; c < parts[i].length(); c++) {
                int digit = Character.digit(parts[i].charAt(c), 16);
                if (digit < 0) {
                    return null;
                }
                group = group * 16 + digit;
            }
            bytes[length++] = (byte) (group >> 8);
            bytes[length++] = (byte) group;
        }
        return java.util.Arrays.copyOf(bytes, length);
    }

    private static int number(String text, int mostDigits) {
        if (text.isEmpty() || text.length() > mostDigits || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        return Integer.parseInt(text);
    }
}
