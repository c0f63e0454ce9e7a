package io.mokube.machinery.selector;

import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.selector.LabelSelector.Operator;
import io.mokube.machinery.selector.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.List;

/** Reads label selectors from query parameters, one token at a time. */
final class LabelSelectorParser {

    private final String text;
    private int position;

    LabelSelectorParser(String text) {
        this.text = text;
    }

    LabelSelector parse() {
        List<Requirement> requirements = new ArrayList<>();
        skipBlanks();
        while (position < text.length()) {
            requirements.add(requirement());
            skipBlanks();
            if (position < text.length()) {
                expect(',');
                skipBlanks();
                if (position == text.length()) {
                    throw unexpected("identifier after ','");
                }
            }
        }
        return new LabelSelector(requirements);
    }

    private Requirement requirement() {
        if (accept("!")) {
            skipBlanks();
            return new Requirement(key(), Operator.DOES_NOT_EXIST, List.of());
        }
        String key = key();
        skipBlanks();
        if (position == text.length() || text.charAt(position) == ',') {
            return new Requirement(key, Operator.EXISTS, List.of());
        }
        if (accept("!=")) {
            return new Requirement(key, Operator.NOT_IN, List.of(value()));
        }
        if (accept("==") || accept("=")) {
            return new Requirement(key, Operator.IN, List.of(value()));
        }
        if (accept(">")) {
            return new Requirement(key, Operator.GREATER_THAN, List.of(number()));
        }
        if (accept("<")) {
            return new Requirement(key, Operator.LESS_THAN, List.of(number()));
        }
        return switch (word()) {
            case "in" -> new Requirement(key, Operator.IN, values());
            case "notin" -> new Requirement(key, Operator.NOT_IN, values());
            default -> throw unexpected("in, notin, =, ==, !=, gt, lt");
        };
    }

    private String key() {
        String key = word();
        LabelSelector.checkKey(key);
        return key;
    }

    private String value() {
        skipBlanks();
        String value = word();
        checkValue(value);
        return value;
    }

    private String number() {
        String value = value();
        try {
            Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("for 'Gt', 'Lt' operators, the value must be an integer", e);
        }
        return value;
    }

    private List<String> values() {
        skipBlanks();
        expect('(');
        List<String> values = new ArrayList<>();
        do {
            values.add(value());
            skipBlanks();
        } while (accept(","));
        expect(')');
        return values;
    }

    private static void checkValue(String value) {
        NameFormat.labelValue(value).ifPresent(wrong -> {
            throw new IllegalArgumentException("values[0]: Invalid value: \"" + value + "\": " + wrong);
        });
    }

    private String word() {
        int start = position;
        while (position < text.length() && " \t=!(),<>".indexOf(text.charAt(position)) < 0) {
            position++;
        }
        return text.substring(start, position);
    }

    private boolean accept(String token) {
        if (!text.startsWith(token, position)) {
            return false;
        }
        position += token.length();
        return true;
    }

    private void expect(char token) {
        if (position >= text.length() || text.charAt(position) != token) {
            throw unexpected("'" + token + "'");
        }
        position++;
    }

    private void skipBlanks() {
        while (position < text.length() && (text.charAt(position) == ' ' || text.charAt(position) == '\t')) {
            position++;
        }
    }

    private IllegalArgumentException unexpected(String expected) {
        String found = position < text.length() ? text.substring(position, position + 1) : "";
        return new IllegalArgumentException(
                "unable to parse requirement: found '" + found + "', expected: " + expected);
    }
}
