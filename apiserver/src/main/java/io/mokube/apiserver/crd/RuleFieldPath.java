package io.mokube.apiserver.crd;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code fieldPath} of a rule: fields and keys of maps below the value that the rule is about. */
final class RuleFieldPath {

    private RuleFieldPath() {}

    /** What is wrong with a path; null when nothing is. */
    static @Nullable String problem(String path, StructuralSchema schema) {
        try {
            resolve(path, schema);
            return null;
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }

    /** The path as errors show it, with a leading point or bracket; {@code ""} for none. */
    static String normalize(String path, StructuralSchema schema) {
        try {
            return path.isEmpty() ? "" : String.join("", resolve(path, schema));
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static List<String> resolve(String path, StructuralSchema schema) {
        if (path.charAt(0) != '.' && path.charAt(0) != '[') {
            throw new IllegalArgumentException("expected [ or . but got: " + path);
        }
        List<String> names = JsonPath.parse(path).fields();
        if (names == null) {
            throw new IllegalArgumentException("array notation is not allowed");
        }
        List<String> steps = new ArrayList<>();
        StructuralSchema at = schema;
        for (String name : names) {
            StructuralSchema property = at.properties().get(name);
            StructuralSchema values = at.properties().isEmpty() ? at.additional() : null;
            if (property != null) {
                steps.add("." + name);
                at = property;
            } else if (values != null) {
                steps.add("[" + name + "]");
                at = values;
            } else {
                throw new IllegalArgumentException("does not refer to a valid field");
            }
        }
        return steps;
    }
}
