package io.mokube.apiserver.patch;

import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.error.ApiException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Kubernetes' strategic merge patch: a merge patch whose lists merge by the keys the schema names, with directives
 * ({@code $patch}, {@code $retainKeys}, {@code $setElementOrder/<list>}, {@code $deleteFromPrimitiveList/<list>}).
 *
 * <p>Costs time and memory linear in the sizes of the two trees.
 */
public final class StrategicMergePatch {

    private static final String PATCH = "$patch";
    private static final String RETAIN_KEYS = "$retainKeys";
    private static final String SET_ELEMENT_ORDER = "$setElementOrder/";
    private static final String DELETE_FROM_PRIMITIVE_LIST = "$deleteFromPrimitiveList/";
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** What is taken for fields that no schema describes: plain merging, lists replace. */
    private static final Schema UNKNOWN = new Schema.AnySchema("", null, false);

    private StrategicMergePatch() {}

    /**
     * The patched tree, which may share parts of the target but nothing of the patch.
     *
     * @throws ApiException 400 when the patch breaks the rules of its own format
     */
    public static ObjectNode apply(ObjectNode target, ObjectNode patch, Schema schema) {
        return mergeObject(target, patch, schema.resolved());
    }

    private static ObjectNode mergeObject(ObjectNode target, ObjectNode patch, Schema schema) {
        JsonNode directive = patch.get(PATCH);
        if (directive != null) {
            switch (directive.asString("")) {
                case "replace" -> {
                    return plain(patch);
                }
                case "delete" -> {
                    return NODES.objectNode();
                }
                case "merge" -> {}
                default -> throw unknownDirective(directive);
            }
        }
        retainKeys(target, patch);
        for (Map.Entry<String, JsonNode> change : patch.properties()) {
            String key = change.getKey();
            if (key.startsWith(DELETE_FROM_PRIMITIVE_LIST)) {
                deleteFromPrimitiveList(target, key, change.getValue());
            }
        }
        for (Map.Entry<String, JsonNode> change : patch.properties()) {
            if (!isDirective(change.getKey())) {
                mergeField(target, change.getKey(), change.getValue(), patch, schema);
            }
        }
        for (Map.Entry<String, JsonNode> change : patch.properties()) {
            String key = change.getKey();
            if (key.startsWith(SET_ELEMENT_ORDER)) {
                String list = key.substring(SET_ELEMENT_ORDER.length());
                if (!patch.has(list) && target.get(list) instanceof ArrayNode existing) {
                    ArrayNode order = list(change.getValue(), key);
                    target.set(list, reorder(existing, existing, order, mergeKey(child(schema, list))));
                }
            }
        }
        return target;
    }

    private static void mergeField(ObjectNode target, String field, JsonNode value, ObjectNode patch, Schema schema) {
        Schema fieldSchema = child(schema, field);
        JsonNode existing = target.get(field);
        switch (value) {
            case ObjectNode changes -> {
                // Server-side apply's atomic objects merge here too: only patch strategies count.
                if (existing instanceof ObjectNode object) {
                    target.set(
                            field,
                            isReplaced(fieldSchema) ? plain(changes) : mergeObject(object, changes, fieldSchema));
                } else if (!changes.path(PATCH).asString("").equals("delete")) {
                    target.set(field, plain(changes));
                } else {
                    target.remove(field);
                }
            }
            case ArrayNode changes -> {
                if (existing instanceof ArrayNode list && isMerged(fieldSchema)) {
                    JsonNode order = patch.get(SET_ELEMENT_ORDER + field);
                    target.set(
                            field,
                            mergeList(
                                    list,
                                    changes,
                                    order == null ? null : list(order, SET_ELEMENT_ORDER + field),
                                    (Schema.ListSchema) fieldSchema));
                } else {
                    target.set(field, plain(changes));
                }
            }
            default -> {
                if (value.isNull()) {
                    target.remove(field);
                } else {
                    target.set(field, value);
                }
            }
        }
    }

    private static ArrayNode mergeList(
            ArrayNode target, ArrayNode changes, @Nullable ArrayNode order, Schema.ListSchema schema) {
        String mergeKey = schema.patchMergeKey();
        ArrayNode merged = mergeKey.isEmpty()
                ? reorder(mergeScalars(target, changes), target, changes, mergeKey)
                : mergeItems(target, changes, mergeKey, schema.items().resolved());
        if (order == null) {
            return merged;
        }
        checkOrder(changes, order, mergeKey);
        return reorder(merged, target, order, mergeKey);
    }

    private static ArrayNode mergeScalars(ArrayNode target, ArrayNode changes) {
        Set<JsonNode> merged = new LinkedHashSet<>();
        target.forEach(merged::add);
        changes.forEach(merged::add);
        ArrayNode result = NODES.arrayNode(merged.size());
        merged.forEach(result::add);
        return result;
    }

    /** The merged list: the patch's items in its order, the others where they stood among those that were there. */
    private static ArrayNode mergeItems(ArrayNode target, ArrayNode changes, String mergeKey, Schema itemSchema) {
        Map<JsonNode, JsonNode> merged = new LinkedHashMap<>();
        List<JsonNode> unkeyed = new ArrayList<>();
        for (JsonNode item : target) {
            JsonNode key = item.get(mergeKey);
            if (key == null || merged.putIfAbsent(key, item) != null) {
                unkeyed.add(item);
            }
        }
        ArrayNode additions = NODES.arrayNode();
        boolean replace = false;
        for (JsonNode change : changes) {
            if (!(change instanceof ObjectNode item)) {
                throw ApiException.badRequest("unable to merge a list of objects with the value " + change);
            }
            String directive = item.path(PATCH).asString("");
            JsonNode key = item.get(mergeKey);
            // An item with this directive is nothing but the directive.
            replace |= directive.equals("replace");
            if (key == null && !directive.equals("replace")) {
                throw ApiException.badRequest("map: " + item + " does not contain declared merge key: " + mergeKey);
            }
            switch (directive) {
                case "replace" -> {}
                case "delete" -> {
                    merged.remove(key);
                    unkeyed.removeIf(each -> each.path(mergeKey).equals(key));
                }
                case "", "merge" -> additions.add(item);
                default -> throw unknownDirective(item.path(PATCH));
            }
        }
        if (replace) {
            return plain(additions);
        }
        for (JsonNode addition : additions) {
            ObjectNode item = (ObjectNode) addition;
            merged.compute(
                    item.path(mergeKey),
                    (key, present) -> present instanceof ObjectNode existing
                            ? mergeObject(existing, item, itemSchema)
                            : plain(item));
        }
        ArrayNode result = NODES.arrayNode(merged.size());
        merged.values().forEach(result::add);
        unkeyed.forEach(result::add);
        return reorder(result, target, additions, mergeKey);
    }

    /** The items of a patch must stand in the order the patch itself asks for. */
    private static void checkOrder(ArrayNode changes, ArrayNode order, String mergeKey) {
        if (order.isEmpty()) {
            return;
        }
        Map<JsonNode, Integer> position = positions(order, mergeKey);
        int last = -1;
        for (JsonNode change : changes) {
            String directive = change.path(PATCH).asString("");
            JsonNode identity = identity(change, mergeKey);
            if (directive.equals("delete") || identity == null) {
                continue;
            }
            Integer here = position.get(identity);
            if (here == null || here < last) {
                throw ApiException.badRequest(
                        "The order in patch list:\n" + changes + "\n doesn't match $setElementOrder list:\n" + order);
            }
            last = here;
        }
    }

    /**
     * Brings the items the patch's author knows of into the author's order, and leaves the others where they stood among
     * them before.
     *
     * @param live the list before the patch, whose order tells where the unknown items belong
     */
    private static ArrayNode reorder(ArrayNode merged, ArrayNode live, ArrayNode order, String mergeKey) {
        Map<JsonNode, Integer> wanted = positions(order, mergeKey);
        Map<JsonNode, Integer> before = positions(live, mergeKey);
        List<JsonNode> known = new ArrayList<>();
        List<JsonNode> unknown = new ArrayList<>();
        for (JsonNode item : merged) {
            JsonNode identity = identity(item, mergeKey);
            (identity != null && wanted.containsKey(identity) ? known : unknown).add(item);
        }
        known.sort((a, b) -> Integer.compare(position(wanted, a, mergeKey), position(wanted, b, mergeKey)));
        ArrayNode result = NODES.arrayNode(merged.size());
        int nextKnown = 0;
        for (JsonNode item : unknown) {
            int place = position(before, item, mergeKey);
            while (nextKnown < known.size()) {
                int other = position(before, known.get(nextKnown), mergeKey);
                if (place >= 0 && other >= 0 && place < other) {
                    break;
                }
                result.add(known.get(nextKnown++));
            }
            result.add(item);
        }
        while (nextKnown < known.size()) {
            result.add(known.get(nextKnown++));
        }
        return result;
    }

    private static Map<JsonNode, Integer> positions(ArrayNode list, String mergeKey) {
        Map<JsonNode, Integer> positions = new HashMap<>();
        for (int i = 0; i < list.size(); i++) {
            JsonNode identity = identity(list.get(i), mergeKey);
            if (identity != null) {
                positions.putIfAbsent(identity, i);
            }
        }
        return positions;
    }

    private static int position(Map<JsonNode, Integer> positions, JsonNode item, String mergeKey) {
        JsonNode identity = identity(item, mergeKey);
        return identity == null ? -1 : positions.getOrDefault(identity, -1);
    }

    private static @Nullable JsonNode identity(JsonNode item, String mergeKey) {
        return mergeKey.isEmpty() ? item : item.get(mergeKey);
    }

    private static void retainKeys(ObjectNode target, ObjectNode patch) {
        JsonNode directive = patch.get(RETAIN_KEYS);
        if (directive == null) {
            return;
        }
        Set<String> retained = new HashSet<>();
        for (JsonNode key : list(directive, RETAIN_KEYS)) {
            retained.add(key.asString(""));
        }
        for (Map.Entry<String, JsonNode> change : patch.properties()) {
            if (!isDirective(change.getKey()) && !change.getValue().isNull() && !retained.contains(change.getKey())) {
                throw ApiException.badRequest("invalid patch format of retainKeys");
            }
        }
        target.retain(retained);
    }

    private static void deleteFromPrimitiveList(ObjectNode target, String directive, JsonNode values) {
        ArrayNode deleted = list(values, directive);
        String field = directive.substring(DELETE_FROM_PRIMITIVE_LIST.length());
        if (target.get(field) instanceof ArrayNode existing) {
            Set<JsonNode> gone = new HashSet<>();
            deleted.forEach(gone::add);
            ArrayNode kept = NODES.arrayNode();
            existing.forEach(each -> {
                if (!gone.contains(each)) {
                    kept.add(each);
                }
            });
            target.set(field, kept);
        }
    }

    /** A part of the patch where nothing was before: directives and nulls have nothing to act on. */
    private static ObjectNode plain(ObjectNode patch) {
        ObjectNode plain = NODES.objectNode();
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            boolean isDeletion = field.getValue().path(PATCH).asString("").equals("delete");
            if (!isDirective(field.getKey()) && !field.getValue().isNull() && !isDeletion) {
                plain.set(field.getKey(), plainValue(field.getValue()));
            }
        }
        return plain;
    }

    private static ArrayNode plain(ArrayNode patch) {
        ArrayNode plain = NODES.arrayNode(patch.size());
        for (JsonNode item : patch) {
            String directive = item.path(PATCH).asString("");
            boolean onlyDirective = item.size() == 1 && !directive.isEmpty();
            if (!directive.equals("delete") && !onlyDirective) {
                plain.add(plainValue(item));
            }
        }
        return plain;
    }

    private static JsonNode plainValue(JsonNode value) {
        return switch (value) {
            case ObjectNode object -> plain(object);
            case ArrayNode array -> plain(array);
            default -> value;
        };
    }

    private static boolean isDirective(String key) {
        return key.startsWith("$")
                && (key.equals(PATCH)
                        || key.equals(RETAIN_KEYS)
                        || key.startsWith(SET_ELEMENT_ORDER)
                        || key.startsWith(DELETE_FROM_PRIMITIVE_LIST));
    }

    private static ArrayNode list(JsonNode value, String directive) {
        if (value instanceof ArrayNode array) {
            return array;
        }
        throw ApiException.badRequest("invalid patch format: " + directive + " must be a list");
    }

    private static ApiException unknownDirective(JsonNode directive) {
        return ApiException.badRequest("unknown patch type '" + directive.asString("") + "'");
    }

    private static Schema child(Schema schema, String field) {
        return switch (schema) {
            case Schema.ObjectSchema object -> {
                Schema property = object.properties().get(field);
                yield property == null ? UNKNOWN : property.resolved();
            }
            case Schema.MapSchema map -> map.values().resolved();
            case Schema.ListSchema ignored -> UNKNOWN;
            case Schema.ScalarSchema ignored -> UNKNOWN;
            case Schema.AnySchema ignored -> UNKNOWN;
            case Schema.Reference reference -> child(reference.resolved(), field);
        };
    }

    private static String mergeKey(Schema schema) {
        return schema instanceof Schema.ListSchema list ? list.patchMergeKey() : "";
    }

    private static boolean isReplaced(Schema schema) {
        return schema instanceof Schema.ObjectSchema object && object.patchStrategy() == Schema.PatchStrategy.REPLACE;
    }

    private static boolean isMerged(Schema schema) {
        return schema instanceof Schema.ListSchema list
                && (list.patchStrategy() == Schema.PatchStrategy.MERGE
                        || list.patchStrategy() == Schema.PatchStrategy.MERGE_RETAIN_KEYS);
    }
}
