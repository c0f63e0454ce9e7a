package io.mokube.apiserver.crd;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The JSON paths of printer columns and selectable fields: fields, quoted fields, indexes, slices, wildcards, recursive
 * descent and filters that compare one path with a literal. Immutable.
 */
final class JsonPath {

    private final List<Step> steps;

    private JsonPath(List<Step> steps) {
        this.steps = List.copyOf(steps);
    }

    private sealed interface Step {

        record Field(String name) implements Step {}

        record Index(int index) implements Step {}

        record Slice(@Nullable Integer start, @Nullable Integer end) implements Step {}

        record Every() implements Step {}

        record Descend() implements Step {}

        /** Keeps items whose path compares so; an operator of {@code ""} asks for existence. */
        record Filter(JsonPath path, String operator, String literal, boolean quoted) implements Step {}
    }

    /**
     * Reads a path, such as {@code .spec.replicas}.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static JsonPath parse(String text) {
        return new Parser(text).parse();
    }

    /** Everything the path finds, in order. */
    List<JsonNode> find(JsonNode root) {
        List<JsonNode> found = List.of(root);
        for (Step step : steps) {
            List<JsonNode> next = new ArrayList<>();
            for (JsonNode node : found) {
                apply(step, node, next);
            }
            if (next.isEmpty()) {
                return List.of();
            }
            found = next;
        }
        return found;
    }

    /** The names of the fields the path goes through, or null when it does anything else. */
    @Nullable
    List<String> fields() {
        List<String> names = new ArrayList<>();
        for (Step step : steps) {
            if (!(step instanceof Step.Field field)) {
                return null;
            }
            names.add(field.name());
        }
        return names;
    }

    private static void apply(Step step, JsonNode node, List<JsonNode> out) {
        switch (step) {
            case Step.Field field -> {
                JsonNode value = node.isObject() ? node.get(field.name()) : null;
                if (value != null) {
                    out.add(value);
                }
            }
            case Step.Index index -> {
                int at = index.index() < 0 ? node.size() + index.index() : index.index();
                if (node.isArray() && at >= 0 && at < node.size()) {
                    out.add(node.get(at));
                }
            }
            case Step.Slice slice -> {
                if (node.isArray()) {
                    int start = bound(slice.start(), 0, node.size());
                    int end = bound(slice.end(), node.size(), node.size());
                    for (int i = start; i < end; i++) {
                        out.add(node.get(i));
                    }
                }
            }
            case Step.Every ignored -> node.forEach(out::add);
            case Step.Descend ignored -> descend(node, out);
            case Step.Filter filter -> {
                for (JsonNode item : node) {
                    if (passes(filter, item)) {
                        out.add(item);
                    }
                }
            }
        }
    }

    private static int bound(@Nullable Integer given, int absent, int size) {
        int value = given == null ? absent : given < 0 ? size + given : given;
        return Math.clamp(value, 0, size);
    }

    private static void descend(JsonNode node, List<JsonNode> out) {
        out.add(node);
        for (JsonNode child : node) {
            if (child.isContainer()) {
                descend(child, out);
            }
        }
    }

    private static boolean passes(Step.Filter filter, JsonNode item) {
        List<JsonNode> found = filter.path().find(item);
        if (filter.operator().isEmpty()) {
            return !found.isEmpty();
        }
        if (found.isEmpty()) {
            return false;
        }
        JsonNode value = found.getFirst();
        int order;
        if (value.isNumber() && !filter.quoted()) {
            try {
                order = Double.compare(value.doubleValue(), Double.parseDouble(filter.literal()));
            } catch (NumberFormatException e) {
                return false;
            }
        } else {
            order = value.asString("").compareTo(filter.literal());
        }
        return switch (filter.operator()) {
            case "==" -> order == 0;
            case "!=" -> order != 0;
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            default -> order >= 0;
        };
    }

    private static final class Parser {

        private final String text;
        private final List<Step> steps = new ArrayList<>();
        private int at;

        Parser(String text) {
            this.text = text;
        }

        JsonPath parse() {
            if (peek() == '$' || peek() == '@') {
                at++;
            }
            while (at < text.length()) {
                char next = text.charAt(at);
                if (next == '.') {
                    at++;
                    if (peek() == '.') {
                        at++;
                        steps.add(new Step.Descend());
                    }
                    if (at < text.length() && peek() != '[') {
                        field();
                    }
                } else if (next == '[') {
                    at++;
                    bracket();
                } else if (steps.isEmpty()) {
                    field();
                } else {
                    throw new IllegalArgumentException("unexpected '" + next + "' at " + at);
                }
            }
            return new JsonPath(steps);
        }

        private char peek() {
            return at < text.length() ? text.charAt(at) : '\0';
        }

        private void field() {
            StringBuilder name = new StringBuilder();
            while (at < text.length() && peek() != '.' && peek() != '[') {
                char next = text.charAt(at++);
                if (next == '\\' && at < text.length()) {
                    next = text.charAt(at++);
                }
                name.append(next);
            }
            if (name.isEmpty()) {
                throw new IllegalArgumentException("a name is missing at " + at);
            }
            steps.add(name.toString().equals("*") ? new Step.Every() : new Step.Field(name.toString()));
        }

        private void bracket() {
            skipSpaces();
            switch (peek()) {
                case '\'', '"' -> steps.add(new Step.Field(quoted()));
                case '*' -> {
                    at++;
                    steps.add(new Step.Every());
                }
                case '?' -> {
                    at++;
                    steps.add(filter());
                }
                default -> steps.add(range());
            }
            skipSpaces();
            if (peek() != ']') {
                throw new IllegalArgumentException("unterminated array");
            }
            at++;
        }

        private String quoted() {
            char quote = text.charAt(at++);
            StringBuilder value = new StringBuilder();
            while (at < text.length() && peek() != quote) {
                char next = text.charAt(at++);
                if (next == '\\' && at < text.length()) {
                    next = text.charAt(at++);
                }
                value.append(next);
            }
            if (at == text.length()) {
                throw new IllegalArgumentException("unterminated quoted string");
            }
            at++;
            return value.toString();
        }

        private Step range() {
            int end = text.indexOf(']', at);
            if (end < 0) {
                throw new IllegalArgumentException("unterminated array");
            }
            String inside = text.substring(at, end).strip();
            at = end;
            try {
                int colon = inside.indexOf(':');
                if (colon < 0) {
                    return new Step.Index(Integer.parseInt(inside));
                }
                return new Step.Slice(bound(inside.substring(0, colon)), bound(inside.substring(colon + 1)));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("invalid array index " + inside);
            }
        }

        private static @Nullable Integer bound(String number) {
            return number.isBlank() ? null : (Integer) Integer.parseInt(number.strip());
        }

        private Step filter() {
            int close = closingParenthesis();
            String inside = text.substring(at + 1, close).strip();
            at = close + 1;
            for (String operator : List.of("==", "!=", "<=", ">=", "<", ">")) {
                int found = outsideQuotes(inside, operator);
                if (found > 0) {
                    String right = inside.substring(found + operator.length()).strip();
                    boolean isQuoted = right.length() >= 2
                            && (right.charAt(0) == '"' || right.charAt(0) == '\'')
                            && right.charAt(right.length() - 1) == right.charAt(0);
                    return new Step.Filter(
                            JsonPath.parse(inside.substring(0, found).strip()),
                            operator,
                            isQuoted ? right.substring(1, right.length() - 1) : right,
                            isQuoted);
                }
            }
            return new Step.Filter(JsonPath.parse(inside), "", "", false);
        }

        private int closingParenthesis() {
            if (peek() != '(') {
                throw new IllegalArgumentException("a filter needs parentheses");
            }
            int depth = 0;
            char quote = 0;
            for (int i = at; i < text.length(); i++) {
                char next = text.charAt(i);
                if (quote != 0) {
                    quote = next == quote ? 0 : quote;
                } else if (next == '"' || next == '\'') {
                    quote = next;
                } else if (next == '(') {
                    depth++;
                } else if (next == ')' && --depth == 0) {
                    return i;
                }
            }
            throw new IllegalArgumentException("unterminated filter");
        }

        private static int outsideQuotes(String inside, String operator) {
            char quote = 0;
            for (int i = 0; i < inside.length(); i++) {
                char next = inside.charAt(i);
                if (quote != 0) {
                    quote = next == quote ? 0 : quote;
                } else if (next == '"' || next == '\'') {
                    quote = next;
                } else if (inside.startsWith(operator, i)) {
                    return i;
                }
            }
            return -1;
        }

        private void skipSpaces() {
            while (peek() == ' ') {
                at++;
            }
        }
    }
}
