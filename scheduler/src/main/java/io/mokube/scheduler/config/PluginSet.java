package io.mokube.scheduler.config;

import io.mokube.machinery.error.FieldError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a file switches on and off at one extension point, or at all of them.
 *
 * @param enabled in this order, with how much they count, 0 when that is not stated
 * @param disabled of those on by default; {@code *} for all of them
 */
record PluginSet(Map<String, Integer> enabled, Set<String> disabled) {

    private static final String ALL = "*";

    static PluginSet read(Fields stated) {
        Map<String, Integer> enabled = new LinkedHashMap<>();
        for (Fields each : stated.objects("enabled")) {
            String name = each.text("name", "");
            if (enabled.putIfAbsent(name, each.integer("weight", 0)) != null) {
                each.broken(FieldError.duplicate(each.path("name"), name));
            }
            each.close();
        }
        List<String> disabled = new ArrayList<>();
        for (Fields each : stated.objects("disabled")) {
            disabled.add(each.text("name", ""));
            // Accepted, as everywhere that a plugin is named, and without meaning.
            each.integer("weight", 0);
            each.close();
        }
        stated.close();
        return new PluginSet(enabled, Set.copyOf(disabled));
    }

    boolean disables(String plugin) {
        return disabled.contains(ALL) || disabled.contains(plugin);
    }

    /** These defaults with what is stated here: replaced where they stand, taken out, or added at the end. */
    Map<String, Integer> over(Map<String, Integer> defaults) {
        Map<String, Integer> merged = new LinkedHashMap<>();
        if (!disabled.contains(ALL)) {
            defaults.forEach((name, weight) -> {
                if (!disabled.contains(name)) {
                    merged.put(name, enabled.getOrDefault(name, weight));
                }
            });
        }
        merged.putAll(enabled);
        return merged;
    }
}
