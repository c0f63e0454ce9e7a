package io.mokube.apiserver.request;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One entry of an Accept header.
 *
 * @param type such as {@code application/json}, in lower case
 * @param parameters such as {@code as=Table}
 * @param quality how much it is wanted, from 0 to 1
 */
public record MediaRange(String type, Map<String, String> parameters, double quality) {

    /** Longer lists are no honest request. */
    private static final int MOST_RANGES = 64;

    public MediaRange {
        parameters = Map.copyOf(parameters);
    }

    /** A parameter, {@code ""} when it is not there. */
    public String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }

    /** The entries of an Accept header, most wanted first; everything when it is empty. */
    public static List<MediaRange> parseList(String header) {
        List<MediaRange> ranges = new ArrayList<>();
        for (String entry : header.split(",", MOST_RANGES)) {
            if (!entry.isBlank()) {
                ranges.add(parse(entry));
            }
        }
        if (ranges.isEmpty()) {
            ranges.add(new MediaRange("*/*", Map.of(), 1));
        }
        ranges.removeIf(range -> range.quality() <= 0);
        ranges.sort(Comparator.comparingDouble(range -> -range.quality()));
        return ranges;
    }

    /** One media type with its parameters, as in Content-Type. */
    public static MediaRange parse(String text) {
        String[] parts = text.split(";", -1);
        Map<String, String> parameters = new HashMap<>();
        double quality = 1;
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            String name = (equals < 0 ? parts[i] : parts[i].substring(0, equals)).strip();
            String value = equals < 0 ? "" : parts[i].substring(equals + 1).strip();
            if (name.equals("q")) {
                quality = quality(value);
            } else {
                parameters.put(name, value);
            }
        }
        return new MediaRange(parts[0].strip().toLowerCase(Locale.ROOT), parameters, quality);
    }

    private static double quality(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return 1;
        }
    }
}
