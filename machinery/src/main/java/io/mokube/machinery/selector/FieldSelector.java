package io.mokube.machinery.selector;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A field selector: {@code metadata.name=x,spec.nodeName!=y}. Which fields a kind offers is not known here.
 *
 * @param requirements what must hold, in the order written
 */
public record FieldSelector(List<Requirement> requirements) {

    public static final FieldSelector EVERYTHING = new FieldSelector(List.of());

    public FieldSelector {
        requirements = List.copyOf(requirements);
    }

    /** One field must equal, or must not equal, a value. */
    public record Requirement(String field, boolean equal, String value) {

        @Override
        public String toString() {
            return field + (equal ? "=" : "!=") + value;
        }
    }

    /** A selector of one exact value. */
    public static FieldSelector equal(String field, String value) {
        return new FieldSelector(List.of(new Requirement(field, true, value)));
    }

    /**
     * Reads the form of query parameters. A backslash escapes a comma, an equals sign or a backslash in a value.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    public static FieldSelector parse(String text) {
        List<Requirement> requirements = new ArrayList<>();
        for (String term : terms(text)) {
            if (!term.isEmpty()) {
                requirements.add(requirement(term));
            }
        }
        return new FieldSelector(requirements);
    }

    private static List<String> terms(String text) {
        List<String> terms = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == ',') {
                terms.add(text.substring(start, i));
                start = i + 1;
            }
        }
        terms.add(text.substring(start));
        return terms;
    }

    private static Requirement requirement(String term) {
        for (int i = 0; i < term.length(); i++) {
            if (term.startsWith("!=", i)) {
                return new Requirement(term.substring(0, i), false, unescape(term.substring(i + 2)));
            }
            if (term.charAt(i) == '=') {
                int value = term.startsWith("==", i) ? i + 2 : i + 1;
                return new Requirement(term.substring(0, i), true, unescape(term.substring(value)));
            }
        }
        throw new IllegalArgumentException("invalid selector: '" + term + "'; can't understand '" + term + "'");
    }

    private static String unescape(String value) {
        if (value.indexOf('\\') < 0) {
            return value;
        }
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) == '\\') {
                i++;
                if (i == value.length() || ",=\\".indexOf(value.charAt(i)) < 0) {
                    throw new IllegalArgumentException("invalid field selector: invalid escape sequence in: " + value);
                }
            }
            plain.append(value.charAt(i));
        }
        return plain.toString();
    }

    /** Whether all requirements hold, given how to read a field; an absent field reads as the empty string. */
    public boolean matches(Function<String, String> field) {
        for (Requirement requirement : requirements) {
            if (field.apply(requirement.field()).equals(requirement.value()) != requirement.equal()) {
                return false;
            }
        }
        return true;
    }

    public boolean isEmpty() {
        return requirements.isEmpty();
    }

    /** The form of query parameters; {@link #parse} reads it back. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        for (Requirement requirement : requirements) {
            String value = requirement
                    .value()
                    .replace("\\", "\\\\")
                    .replace(",", "\\,")
                    .replace("=", "\\=");
            parts.add(requirement.field() + (requirement.equal() ? "=" : "!=") + value);
        }
        return String.join(",", parts);
    }
}
