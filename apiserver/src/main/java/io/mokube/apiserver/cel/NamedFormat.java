package io.mokube.apiserver.cel;

import io.mokube.machinery.names.NameFormat;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A format that texts can be held against.
 *
 * @param problem what is wrong with a text, if anything
 */
record NamedFormat(String name, Check problem) {

    /** Looks for a problem. */
    @FunctionalInterface
    interface Check {
        Optional<String> of(String text);
    }

    static final List<NamedFormat> ALL = List.of(
            new NamedFormat("dns1123Label", NameFormat::dnsLabel),
            new NamedFormat("dns1123Subdomain", NameFormat::dnsSubdomain),
            new NamedFormat("dns1035Label", NameFormat::dns1035Label),
            new NamedFormat("qualifiedName", NameFormat::qualifiedName),
            new NamedFormat("dns1123LabelPrefix", text -> NameFormat.dnsLabel(prefix(text))),
            new NamedFormat("dns1123SubdomainPrefix", text -> NameFormat.dnsSubdomain(prefix(text))),
            new NamedFormat("dns1035LabelPrefix", text -> NameFormat.dns1035Label(prefix(text))),
            new NamedFormat("labelValue", NameFormat::labelValue),
            new NamedFormat("uri", NamedFormat::uri),
            new NamedFormat("uuid", NamedFormat::uuid),
            new NamedFormat("byte", NamedFormat::base64),
            new NamedFormat("date", text -> time(() -> LocalDate.parse(text), "invalid date")),
            new NamedFormat("datetime", text -> time(() -> OffsetDateTime.parse(text), "invalid datetime")));

    static Optional<NamedFormat> find(String name) {
        return ALL.stream().filter(each -> each.name.equals(name)).findFirst();
    }

    private static String prefix(String text) {
        return text.endsWith("-") ? text.substring(0, text.length() - 1) + "a" : text;
    }

    private static Optional<String> uri(String text) {
        try {
            return new URI(text).isAbsolute() || text.startsWith("/")
                    ? Optional.empty()
                    : Optional.of("invalid URI for request");
        } catch (URISyntaxException e) {
            return Optional.of("parse \"" + text + "\": " + e.getReason());
        }
    }

    private static Optional<String> uuid(String text) {
        return text.matches("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
                ? Optional.empty()
                : Optional.of("does not match the UUID format");
    }

    private static Optional<String> base64(String text) {
        try {
            Base64.getDecoder().decode(text);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of("invalid base64");
        }
    }

    private static Optional<String> time(Runnable parse, String wrong) {
        try {
            parse.run();
            return Optional.empty();
        } catch (DateTimeException e) {
            return Optional.of(wrong);
        }
    }
}
