package io.mokube.apiserver.patch;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.schema.Schema.PatchStrategy;
import io.mokube.apiserver.schema.Schema.ScalarSchema;
import io.mokube.apiserver.schema.Schema.ScalarType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Strategic merge over objects of one shape, in the slowest and plainest way: {@code items} merge by {@code name} and have
 * {@code items} in them again, {@code words} merge by value, {@code whole} and {@code plain} do not merge.
 */
final class StrategicMergeModel {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Schema TEXT = new ScalarSchema("", null, false, ScalarType.STRING, "", List.of());
    static final Schema SCHEMA = object(2, PatchStrategy.MERGE);

    private final SplittableRandom random;

    StrategicMergeModel(SplittableRandom random) {
        this.random = random;
    }

    private static Schema object(int depth, PatchStrategy strategy) {
        Map<String, Schema> properties = depth == 0
                ? Map.of("name", TEXT, "a", TEXT, "b", TEXT)
                : Map.of(
                        "name", TEXT,
                        "a", TEXT,
                        "b", TEXT,
                        "whole", object(0, PatchStrategy.REPLACE),
                        "inner", object(0, PatchStrategy.MERGE),
                        "plain", list(TEXT, PatchStrategy.REPLACE, ""),
                        "words", list(TEXT, PatchStrategy.MERGE, ""),
                        "items", list(object(depth - 1, PatchStrategy.MERGE), PatchStrategy.MERGE, "name"));
        return new ObjectSchema("", null, false, properties, Set.of(), false, false, false, strategy);
    }

    private static Schema list(Schema items, PatchStrategy strategy, String key) {
        return new ListSchema("", null, false, items, ListType.ATOMIC, List.of(), strategy, key);
    }

    ObjectNode target() {
        return object(2);
    }

    private ObjectNode object(int depth) {
        ObjectNode object = NODES.objectNode();
        maybe(() -> object.put("a", word()));
        maybe(() -> object.put("b", word()));
        if (depth > 0) {
            maybe(() -> object.set("whole", object(0)));
            maybe(() -> object.set("inner", object(0)));
            maybe(() -> object.set("plain", words()));
            maybe(() -> object.set("words", words()));
            maybe(() -> object.set("items", items(depth - 1)));
        }
        return object;
    }

    private ArrayNode items(int depth) {
        ArrayNode items = NODES.arrayNode();
        words().forEach(name -> {
            ObjectNode item = object(depth);
            item.set("name", name);
            items.add(item);
        });
        return items;
    }

    private ArrayNode words() {
        List<String> all = new ArrayList<>(List.of("p", "q", "r", "s", "t"));
        ArrayNode words = NODES.arrayNode();
        for (int count = random.nextInt(4); count > 0; count--) {
            words.add(all.remove(random.nextInt(all.size())));
        }
        return words;
    }

    private String word() {
        return String.valueOf(random.nextInt(4));
    }

    private void maybe(Runnable action) {
        if (random.nextInt(3) > 0) {
            action.run();
        }
    }

    /** A patch with every directive there is, each where it may stand. */
    ObjectNode patch(ObjectNode target) {
        return patch(target, 2);
    }

    private ObjectNode patch(ObjectNode target, int depth) {
        ObjectNode patch = object(depth);
        if (random.nextInt(4) == 0) {
            patch.putNull(random.nextBoolean() ? "a" : "plain");
        }
        if (depth == 0) {
            return patch;
        }
        if (patch.get("inner") instanceof ObjectNode inner) {
            switch (random.nextInt(6)) {
                case 0 -> inner.put("$patch", "replace");
                case 1 -> inner.put("$patch", "delete");
                case 2 -> {
                    ArrayNode kept = inner.putArray("$retainKeys");
                    inner.propertyNames().stream()
                            .filter(name -> !name.startsWith("$"))
                            .toList()
                            .forEach(kept::add);
                }
                default -> {}
            }
        }
        if (random.nextInt(3) == 0) {
            ArrayNode gone = patch.putArray("$deleteFromPrimitiveList/words");
            words().forEach(word -> {
                if (!contains(patch.path("words"), word)) {
                    gone.add(word);
                }
            });
        }
        if (patch.get("items") instanceof ArrayNode items) {
            ArrayNode changed = NODES.arrayNode();
            for (JsonNode item : items) {
                ObjectNode change = patch(NODES.objectNode(), depth - 1);
                change.set("name", item.path("name"));
                if (random.nextInt(5) == 0) {
                    change.removeAll();
                    change.set("name", item.path("name"));
                    change.put("$patch", "delete");
                }
                changed.add(change);
            }
            if (random.nextInt(8) == 0) {
                changed.addObject().put("$patch", "replace");
            }
            patch.set("items", changed);
        }
        if (random.nextBoolean()) {
            order(patch, target, "items", "name");
        }
        if (random.nextBoolean()) {
            order(patch, target, "words", "");
        }
        return patch;
    }

    /** The order of the patch's own items with some of the object's between them. */
    private void order(ObjectNode patch, ObjectNode target, String list, String key) {
        List<JsonNode> order = new ArrayList<>();
        for (JsonNode each : patch.path(list)) {
            if (!each.has("$patch")) {
                order.add(id(each, key));
            }
        }
        for (JsonNode each : target.path(list)) {
            if (!order.contains(id(each, key)) && !contains(patch.path(list), each, key) && random.nextBoolean()) {
                order.add(random.nextInt(order.size() + 1), id(each, key));
            }
        }
        ArrayNode directive = patch.putArray("$setElementOrder/" + list);
        order.forEach(each -> {
            if (key.isEmpty()) {
                directive.add(each);
            } else {
                directive.addObject().set(key, each);
            }
        });
    }

    private static boolean contains(JsonNode list, JsonNode each, String key) {
        for (JsonNode other : list) {
            if (id(other, key).equals(id(each, key))) {
                return true;
            }
        }
        return false;
    }

    private static boolean contains(JsonNode list, JsonNode word) {
        return contains(list, word, "");
    }

    private static JsonNode id(JsonNode each, String key) {
        return key.isEmpty() ? each : each.path(key);
    }

    /** What the patch makes of the object. */
    ObjectNode merge(ObjectNode target, ObjectNode patch) {
        String directive = patch.path("$patch").asString("");
        if (directive.equals("delete")) {
            return NODES.objectNode();
        }
        if (directive.equals("replace")) {
            return cleaned(patch);
        }
        ObjectNode merged = target.deepCopy();
        if (patch.has("$retainKeys")) {
            for (String name : List.copyOf(merged.propertyNames())) {
                if (!contains(patch.path("$retainKeys"), NODES.stringNode(name))) {
                    merged.remove(name);
                }
            }
        }
        patch.properties().forEach(field -> {
            String name = field.getKey();
            JsonNode value = field.getValue();
            JsonNode present = merged.get(name);
            if (name.startsWith("$")) {
                return;
            }
            if (value.isNull()) {
                merged.remove(name);
            } else if (present == null) {
                if (!value.path("$patch").asString("").equals("delete")) {
                    merged.set(name, value.isArray() ? cleanedList(value) : clean(value));
                }
            } else {
                switch (name) {
                    case "inner" -> merged.set(name, merge((ObjectNode) present, (ObjectNode) value));
                    case "words" -> merged.set(name, mergedWords(present, value));
                    case "items" -> merged.set(name, mergedItems(present, value));
                    default -> merged.set(name, clean(value));
                }
            }
        });
        JsonNode gone = patch.path("$deleteFromPrimitiveList/words");
        if (merged.has("words")) {
            ArrayNode rest = NODES.arrayNode();
            merged.path("words").forEach(word -> {
                if (!contains(gone, word)) {
                    rest.add(word);
                }
            });
            merged.set("words", rest);
        }
        for (String list : List.of("words", "items")) {
            JsonNode order = patch.get("$setElementOrder/" + list);
            boolean wasThere = target.has(list) && merged.has(list);
            if (order != null && wasThere) {
                String key = list.equals("items") ? "name" : "";
                merged.set(list, ordered(merged.path(list), order, target.path(list), key));
            }
        }
        return merged;
    }

    private static ArrayNode mergedWords(JsonNode present, JsonNode patch) {
        ArrayNode all = ((ArrayNode) present).deepCopy();
        patch.forEach(word -> {
            if (!contains(all, word)) {
                all.add(word);
            }
        });
        return ordered(all, patch, present, "");
    }

    private ArrayNode mergedItems(JsonNode present, JsonNode patch) {
        ArrayNode ordinary = NODES.arrayNode();
        ArrayNode all = NODES.arrayNode();
        boolean replaces = false;
        for (JsonNode each : patch) {
            replaces |= each.path("$patch").asString("").equals("replace");
            if (!each.has("$patch")) {
                ordinary.add(each);
            }
        }
        if (replaces) {
            return cleanedList(ordinary);
        }
        for (JsonNode each : present) {
            boolean isDeleted = false;
            for (JsonNode change : patch) {
                isDeleted |= change.path("name").equals(each.path("name"))
                        && change.path("$patch").asString("").equals("delete");
            }
            if (!isDeleted) {
                all.add(each);
            }
        }
        for (JsonNode change : ordinary) {
            int at = -1;
            for (int i = 0; i < all.size(); i++) {
                at = all.path(i).path("name").equals(change.path("name")) ? i : at;
            }
            if (at < 0) {
                all.add(clean(change));
            } else {
                all.set(at, merge((ObjectNode) all.get(at), (ObjectNode) change));
            }
        }
        return ordered(all, ordinary, present, "name");
    }

    /** First the items of the order, then each other before the first of them that it stood before. */
    private static ArrayNode ordered(JsonNode list, JsonNode order, JsonNode live, String key) {
        List<JsonNode> known = new ArrayList<>();
        for (JsonNode each : order) {
            for (JsonNode item : list) {
                if (id(item, key).equals(id(each, key))) {
                    known.add(item);
                }
            }
        }
        List<JsonNode> others = new ArrayList<>();
        for (JsonNode each : live) {
            for (JsonNode item : list) {
                if (id(item, key).equals(id(each, key)) && !known.contains(item)) {
                    others.add(item);
                }
            }
        }
        // Items that are neither in the order nor in the object: new ones that the order forgot.
        ArrayNode result = NODES.arrayNode();
        while (!known.isEmpty() || !others.isEmpty()) {
            boolean otherFirst =
                    known.isEmpty() || (!others.isEmpty() && isBefore(others.getFirst(), known.getFirst(), live, key));
            result.add(otherFirst ? others.removeFirst() : known.removeFirst());
        }
        return result;
    }

    private static boolean isBefore(JsonNode one, JsonNode other, JsonNode live, String key) {
        int oneAt = -1;
        int otherAt = -1;
        for (int i = 0; i < live.size(); i++) {
            oneAt = id(live.path(i), key).equals(id(one, key)) ? i : oneAt;
            otherAt = id(live.path(i), key).equals(id(other, key)) ? i : otherAt;
        }
        return oneAt >= 0 && otherAt >= 0 && oneAt < otherAt;
    }

    private static JsonNode clean(JsonNode value) {
        return switch (value) {
            case ObjectNode object -> cleaned(object);
            case ArrayNode array -> cleanedList(array);
            default -> value;
        };
    }

    private static ObjectNode cleaned(ObjectNode patch) {
        ObjectNode cleaned = NODES.objectNode();
        patch.properties().forEach(field -> {
            boolean isDeletion = field.getValue().path("$patch").asString("").equals("delete");
            if (!field.getKey().startsWith("$") && !field.getValue().isNull() && !isDeletion) {
                cleaned.set(field.getKey(), clean(field.getValue()));
            }
        });
        return cleaned;
    }

    private static ArrayNode cleanedList(JsonNode patch) {
        ArrayNode cleaned = NODES.arrayNode();
        patch.forEach(each -> {
            boolean isDirective =
                    each.path("$patch").asString("").equals("delete") || (each.has("$patch") && each.size() == 1);
            if (!isDirective) {
                cleaned.add(clean(each));
            }
        });
        return cleaned;
    }
}
