package io.mokube.apiserver.crd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A node of the OpenAPI schema of a custom resource, read once. Immutable; nothing is checked here, see {@link
 * StructuralRules}.
 *
 * @param type {@code object}, {@code array}, {@code string} … or {@code ""}
 * @param properties the named fields
 * @param additional the values of free keys, null when there are none
 * @param items the items of a list, null when not said
 * @param listType {@code atomic}, {@code set}, {@code map} or {@code ""}
 * @param mapType {@code atomic}, {@code granular} or {@code ""}
 * @param limits bounds of plain values, lists and maps
 * @param junctors further schemas that must, must not or may hold
 * @param rules the CEL rules
 */
record StructuralSchema(
        String type,
        String format,
        String description,
        boolean nullable,
        boolean intOrString,
        boolean preserveUnknown,
        boolean embedded,
        @Nullable JsonNode defaultValue,
        Map<String, StructuralSchema> properties,
        @Nullable StructuralSchema additional,
        @Nullable StructuralSchema items,
        String listType,
        List<String> mapKeys,
        String mapType,
        Set<String> required,
        List<JsonNode> allowed,
        Limits limits,
        Junctors junctors,
        List<Rule> rules) {

    /** What {@code additionalProperties: true} stands for: values of any kind. */
    private static final StructuralSchema ANYTHING = new StructuralSchema(
            "",
            "",
            "",
            true,
            false,
            true,
            false,
            null,
            Map.of(),
            null,
            null,
            "",
            List.of(),
            "",
            Set.of(),
            List.of(),
            Limits.NONE,
            Junctors.NONE,
            List.of());

    /** Bounds; null and {@code ""} for none. */
    record Limits(
            @Nullable JsonNode maximum,
            boolean exclusiveMaximum,
            @Nullable JsonNode minimum,
            boolean exclusiveMinimum,
            @Nullable JsonNode multipleOf,
            @Nullable Long maxLength,
            @Nullable Long minLength,
            @Nullable Long maxItems,
            @Nullable Long minItems,
            @Nullable Long maxProperties,
            @Nullable Long minProperties,
            String pattern) {

        static final Limits NONE = new Limits(null, false, null, false, null, null, null, null, null, null, null, "");

        private static Limits parse(JsonNode node) {
            Limits limits = new Limits(
                    node.get("maximum"),
                    node.path("exclusiveMaximum").asBoolean(false),
                    node.get("minimum"),
                    node.path("exclusiveMinimum").asBoolean(false),
                    node.get("multipleOf"),
                    number(node, "maxLength"),
                    number(node, "minLength"),
                    number(node, "maxItems"),
                    number(node, "minItems"),
                    number(node, "maxProperties"),
                    number(node, "minProperties"),
                    text(node, "pattern"));
            return limits.equals(NONE) ? NONE : limits;
        }

        private static @Nullable Long number(JsonNode node, String field) {
            JsonNode value = node.get(field);
            return value == null || !value.isNumber() ? null : (Long) value.asLong(0);
        }
    }

    /** Schemas that are combined with this one. */
    record Junctors(
            List<StructuralSchema> allOf,
            List<StructuralSchema> anyOf,
            List<StructuralSchema> oneOf,
            @Nullable StructuralSchema not) {

        static final Junctors NONE = new Junctors(List.of(), List.of(), List.of(), null);

        boolean isEmpty() {
            return allOf.isEmpty() && anyOf.isEmpty() && oneOf.isEmpty() && not == null;
        }

        private static Junctors parse(JsonNode node) {
            Junctors junctors = new Junctors(
                    list(node.path("allOf")), list(node.path("anyOf")), list(node.path("oneOf")), child(node, "not"));
            return junctors.equals(NONE) ? NONE : junctors;
        }
    }

    /**
     * A CEL rule.
     *
     * @param message what is told when it fails, {@code ""} for the rule itself
     * @param messageExpression computes the message, {@code ""} for none
     * @param reason the kind of failure, {@code ""} for an invalid value
     * @param fieldPath the field that is blamed, {@code ""} for the one the rule stands at
     * @param optionalOldSelf whether {@code oldSelf} is optional, so that the rule holds for new objects too
     */
    record Rule(
            String rule,
            String message,
            String messageExpression,
            String reason,
            String fieldPath,
            boolean optionalOldSelf) {}

    static StructuralSchema parse(JsonNode node) {
        Map<String, StructuralSchema> properties = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> property : node.path("properties").properties()) {
            properties.put(property.getKey(), parse(property.getValue()));
        }
        JsonNode items = node.path("items");
        List<JsonNode> allowed = new ArrayList<>();
        node.path("enum").forEach(allowed::add);
        Set<String> required = new LinkedHashSet<>(texts(node.path("required")));
        List<Rule> rules = new ArrayList<>();
        for (JsonNode rule : node.path("x-kubernetes-validations")) {
            rules.add(new Rule(
                    text(rule, "rule"),
                    text(rule, "message"),
                    text(rule, "messageExpression"),
                    text(rule, "reason"),
                    text(rule, "fieldPath"),
                    rule.path("optionalOldSelf").asBoolean(false)));
        }
        return new StructuralSchema(
                text(node, "type"),
                text(node, "format"),
                text(node, "description"),
                node.path("nullable").asBoolean(false),
                node.path("x-kubernetes-int-or-string").asBoolean(false),
                node.path("x-kubernetes-preserve-unknown-fields").asBoolean(false),
                node.path("x-kubernetes-embedded-resource").asBoolean(false),
                node.get("default"),
                Collections.unmodifiableMap(properties),
                additional(node.path("additionalProperties")),
                items.isObject() ? parse(items) : null,
                text(node, "x-kubernetes-list-type"),
                texts(node.path("x-kubernetes-list-map-keys")),
                text(node, "x-kubernetes-map-type"),
                Collections.unmodifiableSet(required),
                List.copyOf(allowed),
                Limits.parse(node),
                Junctors.parse(node),
                List.copyOf(rules));
    }

    /** An object with nothing but one field. */
    static StructuralSchema holding(String name, StructuralSchema property) {
        return new StructuralSchema(
                "object",
                "",
                "",
                false,
                false,
                false,
                false,
                null,
                Map.of(name, property),
                null,
                null,
                "",
                List.of(),
                "",
                Set.of(),
                List.of(),
                Limits.NONE,
                Junctors.NONE,
                List.of());
    }

    private static @Nullable StructuralSchema additional(JsonNode node) {
        if (node.isObject()) {
            return parse(node);
        }
        return node.isBoolean() && node.booleanValue() ? ANYTHING : null;
    }

    private static @Nullable StructuralSchema child(JsonNode node, String field) {
        JsonNode value = node.get(field);
        return value == null || !value.isObject() ? null : parse(value);
    }

    private static List<StructuralSchema> list(JsonNode nodes) {
        List<StructuralSchema> schemas = new ArrayList<>(nodes.size());
        nodes.forEach(each -> schemas.add(parse(each)));
        return List.copyOf(schemas);
    }

    private static List<String> texts(JsonNode nodes) {
        List<String> texts = new ArrayList<>(nodes.size());
        nodes.forEach(each -> texts.add(each.asString("")));
        return List.copyOf(texts);
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asString("");
    }

    /** Calls for this schema and all below it, those of junctors excluded, with their paths. */
    void visit(String path, BiConsumer<String, StructuralSchema> visitor) {
        visitor.accept(path, this);
        properties.forEach((name, property) -> property.visit(path + ".properties[" + name + "]", visitor));
        if (additional != null) {
            additional.visit(path + ".additionalProperties", visitor);
        }
        if (items != null) {
            items.visit(path + ".items", visitor);
        }
    }

    /** Whether a rule stands at this schema or anywhere below it. */
    boolean hasRules() {
        return !rules.isEmpty()
                || properties.values().stream().anyMatch(StructuralSchema::hasRules)
                || (additional != null && additional.hasRules())
                || (items != null && items.hasRules());
    }
}
