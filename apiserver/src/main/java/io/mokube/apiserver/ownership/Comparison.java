package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What differs between two states of an object: the fields that came, changed and went. A list or object that came or went
 * as a whole is there with everything in it.
 */
record Comparison(FieldSet added, FieldSet modified, FieldSet removed) {

    private static final Comparator<JsonNode> BY_VALUE =
            (a, b) -> a.isNumber() && b.isNumber() ? decimal(a).compareTo(decimal(b)) : a.equals(b) ? 0 : 1;

    /**
     * Compares two states.
     *
     * @throws UntypedException when an item of either can't be told from others
     */
    static Comparison of(ObjectNode before, ObjectNode after, Schema schema) {
        Walk walk = new Walk();
        walk.compare(before, after, schema);
        return new Comparison(walk.added.build(), walk.modified.build(), walk.removed.build());
    }

    /** Everything that is new or other than before. */
    FieldSet changed() {
        return added.union(modified);
    }

    /** The same without those fields that the function takes out of a set. */
    Comparison filtered(UnaryOperator<FieldSet> filter) {
        return new Comparison(filter.apply(added), filter.apply(modified), filter.apply(removed));
    }

    /** Whether two values are the same, numbers by what they count. */
    static boolean isSame(JsonNode a, JsonNode b) {
        return a.equals(b) || a.equals(BY_VALUE, b);
    }

    private static BigDecimal decimal(JsonNode number) {
        return number.decimalValue();
    }

    private static final class Walk {

        private final List<String> path = new ArrayList<>();
        private final FieldSet.Builder added = new FieldSet.Builder();
        private final FieldSet.Builder modified = new FieldSet.Builder();
        private final FieldSet.Builder removed = new FieldSet.Builder();

        /** At least one of the values is there. */
        void compare(@Nullable JsonNode before, @Nullable JsonNode after, Schema schema) {
            if (before == null) {
                lone(after, schema, added);
            } else if (after == null) {
                lone(before, schema, removed);
            } else {
                Shape shape = Shape.of(schema, before);
                if (shape != Shape.of(schema, after)) {
                    modified.add(path);
                    parts(before, schema, removed);
                    parts(after, schema, added);
                } else if (shape == Shape.LEAF || (isNothing(before) && isNothing(after))) {
                    if (!isSame(before, after)) {
                        modified.add(path);
                    }
                } else if (shape == Shape.FIELDS) {
                    fields(before, after, schema);
                } else {
                    items(before, after, (ListSchema) schema.resolved());
                }
            }
        }

        /** A value with no counterpart: it and its parts came or went. */
        private void lone(@Nullable JsonNode value, Schema schema, FieldSet.Builder into) {
            if (value == null) {
                return;
            }
            if (!isNothing(value)) {
                parts(value, schema, into);
            }
            if (!NeverOwned.test(path)) {
                into.add(path);
            }
        }

        private void parts(JsonNode value, Schema schema, FieldSet.Builder into) {
            switch (Shape.of(schema, value)) {
                case LEAF -> {}
                case FIELDS -> {
                    for (Map.Entry<String, JsonNode> field : value.properties()) {
                        if (enter(field.getKey())) {
                            lone(field.getValue(), Shape.field(schema, field.getKey()), into);
                            path.removeLast();
                        }
                    }
                }
                case ITEMS ->
                    index((ListSchema) schema.resolved(), value).forEach((element, items) -> {
                        path.add(element);
                        if (items.size() == 1) {
                            lone(items.getFirst(), Shape.items(schema), into);
                        } else {
                            into.add(path);
                        }
                        path.removeLast();
                    });
            }
        }

        private void fields(JsonNode before, JsonNode after, Schema schema) {
            for (Map.Entry<String, JsonNode> field : before.properties()) {
                if (enter(field.getKey())) {
                    compare(field.getValue(), after.get(field.getKey()), Shape.field(schema, field.getKey()));
                    path.removeLast();
                }
            }
            for (Map.Entry<String, JsonNode> field : after.properties()) {
                if (!before.has(field.getKey()) && enter(field.getKey())) {
                    compare(null, field.getValue(), Shape.field(schema, field.getKey()));
                    path.removeLast();
                }
            }
        }

        private void items(JsonNode before, JsonNode after, ListSchema schema) {
            Map<String, List<JsonNode>> was = index(schema, before);
            Map<String, List<JsonNode>> is = index(schema, after);
            was.forEach((element, old) -> {
                path.add(element);
                List<JsonNode> now = is.get(element);
                if (old.size() == 1 && (now == null || now.size() == 1)) {
                    compare(old.getFirst(), now == null ? null : now.getFirst(), schema.items());
                } else if (now == null) {
                    removed.add(path);
                } else if (!old.equals(now)) {
                    modified.add(path);
                }
                path.removeLast();
            });
            is.forEach((element, now) -> {
                if (!was.containsKey(element)) {
                    path.add(element);
                    if (now.size() == 1) {
                        compare(null, now.getFirst(), schema.items());
                    } else {
                        added.add(path);
                    }
                    path.removeLast();
                }
            });
        }

        private boolean enter(String field) {
            if (NeverOwned.test(path, field)) {
                return false;
            }
            path.add(PathElement.field(field));
            return true;
        }
    }

    static boolean isNothing(JsonNode value) {
        return value.isNull() || (value.isContainer() && value.isEmpty());
    }

    /** The items by their path elements; some lists hold several of one name, which then have one owner. */
    static Map<String, List<JsonNode>> index(ListSchema schema, JsonNode list) {
        Map<String, List<JsonNode>> index = LinkedHashMap.newLinkedHashMap(list.size());
        for (JsonNode item : list) {
            index.merge(PathElement.item(schema, item), List.of(item), Comparison::concatenated);
        }
        return index;
    }

    private static List<JsonNode> concatenated(List<JsonNode> a, List<JsonNode> b) {
        List<JsonNode> both = new ArrayList<>(a);
        both.addAll(b);
        return both;
    }
}
