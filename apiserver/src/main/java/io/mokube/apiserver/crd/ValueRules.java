package io.mokube.apiserver.crd;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.mokube.apiserver.crd.StructuralSchema.Junctors;
import io.mokube.apiserver.crd.StructuralSchema.Limits;
import io.mokube.machinery.error.FieldError;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Judges values by a schema: types, required fields, bounds, patterns, enumerations, combined schemas and what lists of a
 * type demand. Errors read as Kubernetes writes them.
 *
 * <p>A value that an update leaves as it was is not judged again, so that a rule that came later breaks nothing that it
 * does not concern. Safe for use by many threads.
 */
final class ValueRules {

    /** The field of errors that concern no single field, as Kubernetes prints it. */
    static final String NO_FIELD = "<nil>";

    private final StructuralSchema root;
    private final Map<String, Pattern> patterns = new ConcurrentHashMap<>();

    ValueRules(StructuralSchema root) {
        this.root = root;
    }

    /** Adds what is wrong with an object. */
    void validate(JsonNode object, @Nullable JsonNode old, List<FieldError> errors) {
        new Judgement(errors).check(object, root, "", old);
    }

    /** What is wrong with a value at some path, for defaults. */
    List<FieldError> check(JsonNode value, StructuralSchema schema, String path) {
        List<FieldError> errors = new ArrayList<>();
        new Judgement(errors).check(value, schema, path, null);
        return errors;
    }

    private final class Judgement {

        private final List<FieldError> errors;

        Judgement(List<FieldError> errors) {
            this.errors = errors;
        }

        void check(JsonNode value, StructuralSchema schema, String path, @Nullable JsonNode old) {
            if (value.equals(old)) {
                return;
            }
            if (value.isNull()) {
                if (!schema.nullable() && !(schema.type().isEmpty() && !schema.intOrString())) {
                    wrongType("null", schema.intOrString() ? "integer,string" : schema.type(), "null", path);
                }
                return;
            }
            if (!hasType(value, schema, path)) {
                return;
            }
            combine(value, schema, path);
            switch (value) {
                case ObjectNode object -> object(object, schema, path, old);
                case ArrayNode array -> array(array, schema, path, old);
                default -> plain(value, schema, path);
            }
            if (!schema.allowed().isEmpty() && schema.allowed().stream().noneMatch(each -> same(each, value))) {
                List<String> allowed = schema.allowed().stream()
                        .map(each -> each.isString() ? each.stringValue() : each.toString())
                        .toList();
                errors.add(FieldError.notSupported(path, value, allowed));
            }
        }

        private boolean hasType(JsonNode value, StructuralSchema schema, String path) {
            String found = typeOf(value);
            if (schema.intOrString()) {
                if (!found.equals("integer") && !found.equals("string")) {
                    wrongType(found, "integer,string", found, path);
                    return false;
                }
                return true;
            }
            String wanted = schema.type();
            boolean fits = wanted.isEmpty()
                    || wanted.equals(found)
                    || (wanted.equals("number") && found.equals("integer"))
                    || (wanted.equals("integer") && found.equals("number") && isWhole(value));
            if (!fits) {
                wrongType(found, wanted, found, path);
            }
            return fits;
        }

        private void wrongType(String shown, String wanted, String found, String path) {
            errors.add(new FieldError(
                    FieldError.Type.TYPE_INVALID,
                    path.isEmpty() ? NO_FIELD : path,
                    "Invalid value: \"" + shown + "\": " + in(path) + " must be of type " + wanted + ": \"" + found
                            + "\""));
        }

        private void object(ObjectNode object, StructuralSchema schema, String path, @Nullable JsonNode old) {
            Limits limits = schema.limits();
            Long most = limits.maxProperties();
            if (most != null && object.size() > most) {
                tooMany(object.size(), most, path);
            }
            Long least = limits.minProperties();
            if (least != null && object.size() < least) {
                invalid(path, object.size(), "should have at least " + least + " properties");
            }
            for (String name : schema.required()) {
                if (!object.has(name)) {
                    errors.add(FieldError.required(child(path, name), ""));
                }
            }
            for (Map.Entry<String, JsonNode> field : object.properties()) {
                String name = field.getKey();
                StructuralSchema property = schema.properties().get(name);
                if (property == null) {
                    property = schema.properties().isEmpty() ? schema.additional() : null;
                }
                boolean isMetadata = name.equals("metadata") && (path.isEmpty() || schema.embedded());
                if (property != null && !(isMetadata && property.properties().isEmpty())) {
                    check(field.getValue(), property, child(path, name), old == null ? null : old.get(name));
                }
            }
            if (schema.embedded()) {
                embedded(object, path);
            }
        }

        private void embedded(ObjectNode object, String path) {
            for (String name : List.of("apiVersion", "kind")) {
                JsonNode value = object.path(name);
                if (value.isMissingNode()
                        || (value.isString() && value.stringValue().isEmpty())) {
                    errors.add(FieldError.required(child(path, name), "must not be empty"));
                }
            }
        }

        private void array(ArrayNode array, StructuralSchema schema, String path, @Nullable JsonNode old) {
            Limits limits = schema.limits();
            Long most = limits.maxItems();
            if (most != null && array.size() > most) {
                tooMany(array.size(), most, path);
            }
            Long least = limits.minItems();
            if (least != null && array.size() < least) {
                invalid(path, array.size(), "should have at least " + least + " items");
            }
            StructuralSchema items = schema.items();
            if (items != null) {
                Function<JsonNode, @Nullable JsonNode> before = correlation(schema, old);
                for (int i = 0; i < array.size(); i++) {
                    check(array.get(i), items, path + "[" + i + "]", before.apply(array.get(i)));
                }
            }
            unique(array, schema, path);
        }

        private void unique(ArrayNode array, StructuralSchema schema, String path) {
            if (schema.listType().equals("set")) {
                Set<JsonNode> seen = new HashSet<>();
                for (int i = 0; i < array.size(); i++) {
                    if (!seen.add(array.get(i))) {
                        errors.add(FieldError.duplicate(path + "[" + i + "]", array.get(i)));
                    }
                }
            } else if (schema.listType().equals("map")) {
                Set<List<JsonNode>> seen = new HashSet<>();
                for (int i = 0; i < array.size(); i++) {
                    if (array.get(i) instanceof ObjectNode item && !seen.add(MapKeys.of(item, schema))) {
                        errors.add(FieldError.duplicate(path + "[" + i + "]", MapKeys.show(item, schema)));
                    }
                }
            }
        }

        private void plain(JsonNode value, StructuralSchema schema, String path) {
            if (value.isString()) {
                text(value.stringValue(), schema, path);
            } else if (value.isNumber()) {
                number(value, schema, path);
            }
        }

        private void text(String text, StructuralSchema schema, String path) {
            Limits limits = schema.limits();
            int length = text.codePointCount(0, text.length());
            Long most = limits.maxLength();
            if (most != null && length > most) {
                errors.add(FieldError.tooLong(path, (int) Math.min(most, Integer.MAX_VALUE)));
            }
            Long least = limits.minLength();
            if (least != null && length < least) {
                invalid(path, text, "should be at least " + least + " chars long");
            }
            if (!limits.pattern().isEmpty() && !matches(limits.pattern(), text)) {
                invalid(path, text, "should match '" + limits.pattern() + "'");
            }
            if (!schema.format().isEmpty() && !Formats.fits(schema.format(), text)) {
                errors.add(new FieldError(
                        FieldError.Type.TYPE_INVALID,
                        path,
                        "Invalid value: \"" + text + "\": " + in(path) + " must be of type " + schema.format() + ": \""
                                + text + "\""));
            }
        }

        private void number(JsonNode value, StructuralSchema schema, String path) {
            Limits limits = schema.limits();
            BigDecimal number = value.decimalValue();
            JsonNode maximum = limits.maximum();
            if (maximum != null) {
                int order = number.compareTo(maximum.decimalValue());
                if (order > 0 || (order == 0 && limits.exclusiveMaximum())) {
                    invalid(
                            path,
                            value,
                            "should be less than " + (limits.exclusiveMaximum() ? "" : "or equal to ") + show(maximum));
                }
            }
            JsonNode minimum = limits.minimum();
            if (minimum != null) {
                int order = number.compareTo(minimum.decimalValue());
                if (order < 0 || (order == 0 && limits.exclusiveMinimum())) {
                    invalid(
                            path,
                            value,
                            "should be greater than " + (limits.exclusiveMinimum() ? "" : "or equal to ")
                                    + show(minimum));
                }
            }
            JsonNode factor = limits.multipleOf();
            if (factor != null
                    && factor.decimalValue().signum() > 0
                    && number.remainder(factor.decimalValue()).signum() != 0) {
                invalid(path, value, "should be a multiple of " + show(factor));
            }
            if (!Formats.fits(schema.format(), value)) {
                errors.add(new FieldError(
                        FieldError.Type.TYPE_INVALID,
                        path,
                        "Invalid value: " + value + ": " + in(path) + " must be of type " + schema.format() + ": \""
                                + typeOf(value) + "\""));
            }
        }

        private void combine(JsonNode value, StructuralSchema schema, String path) {
            Junctors junctors = schema.junctors();
            if (junctors.isEmpty()) {
                return;
            }
            String name = "\"" + path + "\"";
            int before = errors.size();
            for (StructuralSchema each : junctors.allOf()) {
                errors.addAll(failures(value, each, path));
            }
            if (errors.size() > before) {
                general(name + " must validate all the schemas (allOf)");
            }
            if (!junctors.anyOf().isEmpty()) {
                List<List<FieldError>> outcomes = outcomes(value, junctors.anyOf(), path);
                if (outcomes.stream().noneMatch(List::isEmpty)) {
                    general(name + " must validate at least one schema (anyOf)");
                    errors.addAll(closest(outcomes));
                }
            }
            if (!junctors.oneOf().isEmpty()) {
                List<List<FieldError>> outcomes = outcomes(value, junctors.oneOf(), path);
                long fitting = outcomes.stream().filter(List::isEmpty).count();
                if (fitting != 1) {
                    general(name + " must validate one and only one schema (oneOf). "
                            + (fitting == 0 ? "Found none valid" : "Found " + fitting + " valid alternatives"));
                    if (fitting == 0) {
                        errors.addAll(closest(outcomes));
                    }
                }
            }
            StructuralSchema not = junctors.not();
            if (not != null && failures(value, not, path).isEmpty()) {
                general(name + " must not validate the schema (not)");
            }
        }

        private List<List<FieldError>> outcomes(JsonNode value, List<StructuralSchema> schemas, String path) {
            return schemas.stream().map(each -> failures(value, each, path)).toList();
        }

        /** The errors of the schema that the value comes closest to. */
        private static List<FieldError> closest(List<List<FieldError>> outcomes) {
            List<FieldError> best = outcomes.getFirst();
            for (List<FieldError> each : outcomes) {
                if (each.size() < best.size()) {
                    best = each;
                }
            }
            return best;
        }

        private List<FieldError> failures(JsonNode value, StructuralSchema schema, String path) {
            List<FieldError> found = new ArrayList<>();
            new Judgement(found).check(value, schema, path, null);
            return found;
        }

        private void general(String message) {
            errors.add(new FieldError(FieldError.Type.INVALID, NO_FIELD, "Invalid value: \"\": " + message));
        }

        private void tooMany(int count, long most, String path) {
            errors.add(new FieldError(
                    FieldError.Type.TOO_MANY, path, "Too many: " + count + ": must have at most " + most + " items"));
        }

        private void invalid(String path, Object value, String rule) {
            errors.add(FieldError.invalid(path, value, in(path) + " " + rule));
        }
    }

    private boolean matches(String pattern, String text) {
        Pattern compiled = patterns.get(pattern);
        if (compiled == null) {
            try {
                compiled = Pattern.compile(pattern);
            } catch (PatternSyntaxException e) {
                // Refused when the definition was written; nothing fits it.
                return false;
            }
            patterns.put(pattern, compiled);
        }
        return compiled.matcher(text).find();
    }

    /** How to find the old item that a new one stands for: only lists that are maps tell. */
    static Function<JsonNode, @Nullable JsonNode> correlation(StructuralSchema schema, @Nullable JsonNode old) {
        if (!(old instanceof ArrayNode array) || !schema.listType().equals("map")) {
            return item -> null;
        }
        Map<List<JsonNode>, JsonNode> byKey = new HashMap<>();
        for (JsonNode item : array) {
            if (item instanceof ObjectNode object) {
                byKey.putIfAbsent(MapKeys.of(object, schema), item);
            }
        }
        return item -> item instanceof ObjectNode object ? byKey.get(MapKeys.of(object, schema)) : null;
    }

    private static String in(String path) {
        return path.isEmpty() ? "in body" : path + " in body";
    }

    private static String child(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    static String typeOf(JsonNode value) {
        return switch (value.getNodeType()) {
            case ARRAY -> "array";
            case OBJECT, POJO -> "object";
            case STRING, BINARY -> "string";
            case BOOLEAN -> "boolean";
            case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
            case NULL, MISSING -> "null";
        };
    }

    private static boolean isWhole(JsonNode value) {
        double number = value.doubleValue();
        return number == Math.rint(number) && !Double.isInfinite(number);
    }

    private static boolean same(JsonNode a, JsonNode b) {
        return a.equals(b) || (a.isNumber() && b.isNumber() && a.decimalValue().compareTo(b.decimalValue()) == 0);
    }

    /** A bound as Go prints it: whole numbers without a point. */
    private static String show(JsonNode number) {
        BigDecimal value = number.decimalValue();
        return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
    }
}
