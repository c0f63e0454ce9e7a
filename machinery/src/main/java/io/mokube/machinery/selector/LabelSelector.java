package io.mokube.machinery.selector;

import io.mokube.machinery.names.NameFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * A label selector: requirements that must all hold. The empty selector matches everything.
 *
 * @param requirements what must hold, in the order written
 */
public record LabelSelector(List<Requirement> requirements) {

    public static final LabelSelector EVERYTHING = new LabelSelector(List.of());

    public LabelSelector {
        requirements = List.copyOf(requirements);
    }

    /** How a label is compared. */
    public enum Operator {
        IN,
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST,
        GREATER_THAN,
        LESS_THAN
    }

    /** One requirement on one label. */
    public record Requirement(String key, Operator operator, List<String> values) {

        public Requirement {
            values = List.copyOf(values);
        }

        /** Whether labels satisfy this; a missing label satisfies {@code NotIn} and {@code DoesNotExist}. */
        public boolean matches(Map<String, String> labels) {
            String value = labels.get(key);
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
                case GREATER_THAN -> value != null && compare(value) > 0;
                case LESS_THAN -> value != null && compare(value) < 0;
            };
        }

        /** The label against the requirement's number; 0, which satisfies neither comparison, when one is no number. */
        private int compare(String value) {
            try {
                return Long.compare(Long.parseLong(value), Long.parseLong(values.getFirst()));
            } catch (NumberFormatException e) {
                return 0;
            }
        }

        @Override
        public String toString() {
            return switch (operator) {
                case IN -> values.size() == 1 ? key + "=" + values.getFirst() : key + " in " + list();
                case NOT_IN -> values.size() == 1 ? key + "!=" + values.getFirst() : key + " notin " + list();
                case EXISTS -> key;
                case DOES_NOT_EXIST -> "!" + key;
                case GREATER_THAN -> key + ">" + values.getFirst();
                case LESS_THAN -> key + "<" + values.getFirst();
            };
        }

        private String list() {
            return "(" + String.join(",", new TreeSet<>(values)) + ")";
        }
    }

    /** A selector of exact values. */
    public static LabelSelector ofLabels(Map<String, String> labels) {
        List<Requirement> requirements = new ArrayList<>();
        labels.forEach((key, value) -> requirements.add(new Requirement(key, Operator.IN, List.of(value))));
        return new LabelSelector(requirements);
    }

    /**
     * Reads the form of query parameters: {@code a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1}.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    public static LabelSelector parse(String text) {
        return new LabelSelectorParser(text).parse();
    }

    /**
     * Reads the form objects carry: {@code matchLabels} and {@code matchExpressions}.
     *
     * @throws IllegalArgumentException for an unknown operator or a wrong number of values
     */
    public static LabelSelector ofJson(JsonNode selector) {
        List<Requirement> requirements = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : selector.path("matchLabels").properties()) {
            requirements.add(new Requirement(
                    entry.getKey(), Operator.IN, List.of(entry.getValue().asString(""))));
        }
        for (JsonNode expression : selector.path("matchExpressions")) {
            List<String> values = new ArrayList<>();
            for (JsonNode value : expression.path("values")) {
                values.add(value.asString(""));
            }
            String operator = expression.path("operator").asString("");
            requirements.add(requirement(expression.path("key").asString(""), operator, values));
        }
        return new LabelSelector(requirements);
    }

    /**
     * A requirement with an operator in the words of {@code matchExpressions}.
     *
     * @throws IllegalArgumentException for an unknown operator or a wrong number of values
     */
    public static Requirement requirement(String key, String operator, List<String> values) {
        Operator parsed =
                switch (operator) {
                    case "In" -> Operator.IN;
                    case "NotIn" -> Operator.NOT_IN;
                    case "Exists" -> Operator.EXISTS;
                    case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
                    case "Gt" -> Operator.GREATER_THAN;
                    case "Lt" -> Operator.LESS_THAN;
                    default ->
                        throw new IllegalArgumentException(
                                "\"" + operator + "\" is not a valid label selector operator");
                };
        boolean takesValues = parsed != Operator.EXISTS && parsed != Operator.DOES_NOT_EXIST;
        if (takesValues == values.isEmpty()) {
            throw new IllegalArgumentException(
                    takesValues
                            ? "for 'in', 'notin' operators, values set can't be empty"
                            : "values set must be empty for exists and does not exist");
        }
        return new Requirement(key, parsed, values);
    }

    /** Whether all requirements hold. */
    public boolean matches(Map<String, String> labels) {
        for (Requirement requirement : requirements) {
            if (!requirement.matches(labels)) {
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
            parts.add(requirement.toString());
        }
        return String.join(",", parts);
    }

    static void checkKey(String key) {
        Optional<String> wrong = NameFormat.qualifiedName(key);
        if (wrong.isPresent()) {
            throw new IllegalArgumentException("key: Invalid value: \"" + key + "\": " + wrong.get());
        }
    }
}
