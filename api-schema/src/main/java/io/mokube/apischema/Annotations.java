package io.mokube.apischema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the model classes do not carry, read from tables: one file for each API package, each line {@code Type.field
 * attribute…}. An attribute is {@code list=set}, {@code list=map:key,…}, {@code patch=merge[:key]},
 * {@code patch=retainKeys}, {@code patch=merge,retainKeys:key}, {@code struct=atomic}, {@code struct=granular} (of a field
 * whose type is atomic elsewhere), {@code map=atomic}, {@code enum=a,b} or {@code default=JSON}.
 */
final class Annotations {

    private final Map<String, String> attributes = new TreeMap<>();
    private final Set<String> unused = new LinkedHashSet<>();

    static Annotations read(Path folder) throws IOException {
        Annotations annotations = new Annotations();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".txt"))
                    .sorted()
                    .toList()) {
                annotations.readFile(file);
            }
        }
        return annotations;
    }

    private void readFile(Path file) throws IOException {
        String name = file.getFileName().toString();
        String definitionPackage = name.substring(0, name.length() - ".txt".length());
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.strip().split("\\s+", 2);
            String key = definitionPackage + "." + parts[0];
            if (parts.length < 2 || attributes.put(key, parts[1].replaceAll("\\s+", "\t")) != null) {
                throw new IllegalStateException(file + ": no attributes, or a second line for the field: " + line);
            }
            unused.add(key);
        }
    }

    /** The attributes of a field, tab-separated, {@code ""} for none. */
    String of(String definition, String field) {
        String key = definition + "." + field;
        unused.remove(key);
        return attributes.getOrDefault(key, "");
    }

    /** Complains of lines that no field asked for: misspelt, or gone from the API. */
    void checkAllUsed() {
        if (!unused.isEmpty()) {
            throw new IllegalStateException("no such fields: " + unused);
        }
    }
}
