package io.mokube.apiserver.cel;

import dev.cel.common.values.CelByteString;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code format} of texts: {@code %s}, {@code %d}, {@code %f}, {@code %e}, {@code %b}, {@code %o}, {@code %x}. */
final class TextFormat {

    private TextFormat() {}

    static String format(String pattern, List<?> values) {
        StringBuilder text = new StringBuilder();
        int next = 0;
        int i = 0;
        while (i < pattern.length()) {
            char each = pattern.charAt(i++);
            if (each != '%') {
                text.append(each);
                continue;
            }
            int precision = -1;
            if (i < pattern.length() && pattern.charAt(i) == '.') {
                int start = ++i;
                while (i < pattern.length() && Character.isDigit(pattern.charAt(i)) && i - start < 3) {
                    i++;
                }
                precision = i == start ? 0 : Integer.parseInt(pattern, start, i, 10);
            }
            if (i >= pattern.length()) {
                throw new IllegalArgumentException("unexpected end of string");
            }
            char verb = pattern.charAt(i++);
            if (verb == '%') {
                text.append('%');
                continue;
            }
            if (next >= values.size()) {
                throw new IllegalArgumentException("index " + next + " out of range");
            }
            text.append(one(verb, precision, values.get(next++)));
        }
        return text.toString();
    }

    private static String one(char verb, int precision, Object value) {
        return switch (verb) {
            case 's' -> show(value);
            case 'd' -> {
                if (!(value instanceof Long)) {
                    throw new IllegalArgumentException("decimal clause can only be used on integers");
                }
                yield value.toString();
            }
            case 'f' -> String.format(Locale.ROOT, "%." + (precision < 0 ? 6 : precision) + "f", number(value));
            case 'e' -> String.format(Locale.ROOT, "%." + (precision < 0 ? 6 : precision) + "e", number(value));
            case 'b' -> value instanceof Boolean truth ? (truth ? "1" : "0") : Long.toBinaryString(whole(value));
            case 'o' -> Long.toOctalString(whole(value));
            case 'x' -> hex(value);
            case 'X' -> hex(value).toUpperCase(Locale.ROOT);
            default -> throw new IllegalArgumentException("unrecognized formatting clause \"" + verb + "\"");
        };
    }

    private static String hex(Object value) {
        return switch (value) {
            case String text ->
                java.util.HexFormat.of().formatHex(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            case CelByteString bytes -> java.util.HexFormat.of().formatHex(bytes.toByteArray());
            default -> Long.toHexString(whole(value));
        };
    }

    private static double number(Object value) {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw new IllegalArgumentException("fixed-point clause can only be used on doubles");
    }

    private static long whole(Object value) {
        if (value instanceof Long number) {
            return number;
        }
        throw new IllegalArgumentException("only integers, byte buffers, and strings can be formatted so");
    }

    private static String show(Object value) {
        return switch (value) {
            case List<?> items -> {
                StringBuilder text = new StringBuilder("[");
                for (Object item : items) {
                    text.append(text.length() == 1 ? "" : ", ").append(show(item));
                }
                yield text.append(']').toString();
            }
            case Map<?, ?> map -> {
                StringBuilder text = new StringBuilder("{");
                map.entrySet().stream()
                        .sorted(java.util.Comparator.comparing(entry -> show(entry.getKey())))
                        .forEach(entry -> text.append(text.length() == 1 ? "" : ", ")
                                .append(show(entry.getKey()))
                                .append(": ")
                                .append(show(entry.getValue())));
                yield text.append('}').toString();
            }
            case Double number ->
                number == Math.rint(number) && Math.abs(number) < 1e15
                        ? Long.toString(number.longValue())
                        : number.toString();
            case CelByteString bytes -> bytes.toStringUtf8();
            case dev.cel.common.values.NullValue ignored -> "null";
            default -> value.toString();
        };
    }
}
