package io.mokube.apiserver.request;

import io.mokube.machinery.error.ApiException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The parameters behind the question mark of a URL.
 *
 * @param values the values of each parameter in the order given
 */
public record Query(Map<String, List<String>> values) {

    public static final Query EMPTY = new Query(Map.of());

    /** More parameters than this are no honest request. */
    private static final int MOST_PARAMETERS = 1000;

    /**
     * Reads the raw text after the question mark.
     *
     * @throws ApiException 400 when it can't be decoded
     */
    public static Query parse(@Nullable String raw) {
        if (raw == null || raw.isEmpty()) {
            return EMPTY;
        }
        Map<String, List<String>> values = new LinkedHashMap<>();
        int count = 0;
        for (String pair : raw.split("&")) {
            if (pair.isEmpty()) {
                continue;
            }
            if (++count > MOST_PARAMETERS) {
                throw ApiException.badRequest("too many query parameters");
            }
            int equals = pair.indexOf('=');
            String name = decode(equals < 0 ? pair : pair.substring(0, equals));
            String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
            values.computeIfAbsent(name, ignored -> new ArrayList<>(1)).add(value);
        }
        return new Query(values);
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest("invalid URL escape in the query: " + e.getMessage());
        }
    }

    /** The first value, or {@code ""}. */
    public String text(String name) {
        List<String> all = values.get(name);
        return all == null ? "" : all.getFirst();
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** All values. */
    public List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    /**
     * Reads a flag; present without a value means true, as in Kubernetes.
     *
     * @throws ApiException 400 for anything but a boolean
     */
    public Optional<Boolean> flag(String name) {
        List<String> all = values.get(name);
        if (all == null) {
            return Optional.empty();
        }
        return switch (all.getFirst()) {
            case "", "1", "t", "T", "true", "TRUE", "True" -> Optional.of(true);
            case "0", "f", "F", "false", "FALSE", "False" -> Optional.of(false);
            default ->
                throw ApiException.badRequest(
                        "invalid value for " + name + ": \"" + all.getFirst() + "\" is not a boolean");
        };
    }

    /**
     * Reads a whole number; empty means absent.
     *
     * @throws ApiException 400 for anything but a number
     */
    public OptionalLong number(String name) {
        String text = text(name);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw ApiException.badRequest(
                    "strconv.ParseInt: parsing \"" + text + "\": invalid syntax (parameter " + name + ")");
        }
    }
}
