package io.mokube.apiserver.crd;

import io.mokube.apiserver.cel.IpText;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** The formats of OpenAPI that Kubernetes checks; all others say nothing. */
final class Formats {

    private static final Pattern UUID =
            Pattern.compile("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
    private static final Pattern EMAIL = Pattern.compile("[^@\\s<>]+@[^@\\s<>]+");
    private static final Pattern HOST_NAME = Pattern.compile(
            "[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*");
    private static final Pattern MAC = Pattern.compile("(?i)([0-9a-f]{2}[:-]){5}[0-9a-f]{2}");
    private static final Pattern HEX_COLOR = Pattern.compile("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})");
    private static final Pattern DURATION =
            Pattern.compile("[+-]?(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w|\\s)+)+");

    private Formats() {}

    static boolean fits(String format, String text) {
        return switch (format) {
            case "date" -> parses(() -> LocalDate.parse(text));
            case "date-time", "datetime" -> parses(() -> OffsetDateTime.parse(text.replace(' ', 'T')));
            case "byte" -> isBase64(text);
            case "uuid", "uuid3", "uuid4", "uuid5" -> UUID.matcher(text).matches();
            case "email" -> EMAIL.matcher(text).matches();
            case "hostname" -> text.length() <= 255 && HOST_NAME.matcher(text).matches();
            case "ipv4" -> IpText.parse(text).filter(ip -> ip.length == 4).isPresent();
            case "ipv6" -> text.indexOf(':') >= 0 && IpText.parse(text).isPresent();
            case "cidr" -> IpText.isCidr(text);
            case "mac" -> MAC.matcher(text).matches();
            case "hexcolor" -> HEX_COLOR.matcher(text).matches();
            case "uri" -> isUri(text);
            case "duration" -> DURATION.matcher(text).matches();
            default -> true;
        };
    }

    static boolean fits(String format, JsonNode number) {
        return switch (format) {
            case "int32" -> !number.isIntegralNumber() || number.canConvertToInt();
            case "int64" -> !number.isIntegralNumber() || number.canConvertToLong();
            default -> true;
        };
    }

    private static boolean isUri(String text) {
        try {
            URI uri = new URI(text);
            return uri.isAbsolute() || text.startsWith("/");
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static boolean isBase64(String text) {
        try {
            Base64.getDecoder().decode(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean parses(Runnable parse) {
        try {
            parse.run();
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }
}
