package io.mokube.apischema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Descriptions of fields that the model classes describe nowhere, read from a table: each line {@code Type.field sentence},
 * or {@code *.field sentence} for all types that have no line of their own.
 */
final class FieldTexts {

    private final Map<String, String> texts = new TreeMap<>();
    private final Set<String> unused = new LinkedHashSet<>();

    static FieldTexts read(Path file) throws IOException {
        FieldTexts table = new FieldTexts();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.strip().split("\\s+", 2);
            if (parts.length < 2 || table.texts.put(parts[0], parts[1]) != null) {
                throw new IllegalStateException(file + ": no sentence, or a second one for the field: " + line);
            }
            table.unused.add(parts[0]);
        }
        return table;
    }

    /** What the field of a type is for, {@code ""} when nothing is written of it. */
    String of(String type, String field) {
        for (String key : new String[] {type + "." + field, "*." + field}) {
            String text = texts.get(key);
            if (text != null) {
                unused.remove(key);
                return text;
            }
        }
        return "";
    }

    /** Complains of lines that no field asked for: misspelt, or gone from the API. */
    void checkAllUsed() {
        if (!unused.isEmpty()) {
            throw new IllegalStateException("no such fields without a description: " + unused);
        }
    }
}
