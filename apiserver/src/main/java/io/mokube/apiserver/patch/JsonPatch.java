package io.mokube.apiserver.patch;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON patch, RFC 6902. Bounded in the number of operations, in what they copy and compare, and in how deep they nest, so
 * that no patch costs more than a small multiple of what a request body may hold.
 */
public final class JsonPatch {

    /** The most operations of one patch; Kubernetes' own limit. */
    public static final int MAX_OPERATIONS = 10_000;

    /** The most nodes that all operations of one patch together copy, move or compare. */
    static final int MAX_VISITED_NODES = 3_000_000;

    private final List<Operation> operations;

    private JsonPatch(List<Operation> operations) {
        this.operations = operations;
    }

    /**
     * Reads a patch.
     *
     * @throws ApiException 400 when it is no patch, 413 when it is too long
     */
    public static JsonPatch of(JsonNode patch) {
        if (!(patch instanceof ArrayNode array)) {
            throw ApiException.badRequest("a JSON patch must be a list of operations");
        }
        if (array.size() > MAX_OPERATIONS) {
            throw PatchErrors.tooExpensive(
                    "The allowed maximum operations in a JSON patch is " + MAX_OPERATIONS + ", got " + array.size());
        }
        List<Operation> operations = new ArrayList<>(array.size());
        for (JsonNode each : array) {
            operations.add(operation(each));
        }
        return new JsonPatch(operations);
    }

    /**
     * The patched tree. The target is changed and shared with the result; after a failure it is half-patched and of no
     * use. A patch may be applied any number of times.
     *
     * @throws ApiException 422 when an operation does not apply, 413 when the patch costs too much
     */
    public JsonNode apply(JsonNode target) {
        return new Application(target).run(operations);
    }

    /** Whether all tests hold that come before anything is changed; a target is not changed by asking. */
    public boolean appliesTo(JsonNode target) {
        Application application = new Application(target);
        for (Operation operation : operations) {
            if (!(operation instanceof Operation.Test test)) {
                return true;
            }
            try {
                application.test(test.path(), test.value());
            } catch (ApiException e) {
                return false;
            }
        }
        return true;
    }

    private sealed interface Operation {
        record Add(Pointer path, JsonNode value) implements Operation {}

        record Remove(Pointer path) implements Operation {}

        record Replace(Pointer path, JsonNode value) implements Operation {}

        record Move(Pointer from, Pointer path) implements Operation {}

        record Copy(Pointer from, Pointer path) implements Operation {}

        record Test(Pointer path, JsonNode value) implements Operation {}
    }

    private static Operation operation(JsonNode node) {
        String name = node.path("op").asString("");
        return switch (name) {
            case "add" -> new Operation.Add(pointer(node, "path"), value(node));
            case "remove" -> new Operation.Remove(pointer(node, "path"));
            case "replace" -> new Operation.Replace(pointer(node, "path"), value(node));
            case "move" -> new Operation.Move(pointer(node, "from"), pointer(node, "path"));
            case "copy" -> new Operation.Copy(pointer(node, "from"), pointer(node, "path"));
            case "test" -> new Operation.Test(pointer(node, "path"), value(node));
            default -> throw PatchErrors.doesNotApply("Unexpected kind: " + name);
        };
    }

    private static JsonNode value(JsonNode node) {
        JsonNode value = node.get("value");
        return value == null ? Json.MAPPER.nullNode() : value;
    }

    private static Pointer pointer(JsonNode node, String field) {
        JsonNode text = node.path(field);
        if (!text.isString()) {
            throw PatchErrors.doesNotApply("operation without a \"" + field + "\"");
        }
        return Pointer.parse(text.stringValue());
    }

    /** Where an operation acts: the steps from the root, none for the root itself. */
    private record Pointer(String text, List<String> steps) {

        static Pointer parse(String text) {
            if (text.isEmpty()) {
                return new Pointer(text, List.of());
            }
            if (text.charAt(0) != '/') {
                throw PatchErrors.doesNotApply("path \"" + text + "\" does not begin with \"/\"");
            }
            List<String> steps = new ArrayList<>();
            for (String step : text.substring(1).split("/", -1)) {
                steps.add(step.replace("~1", "/").replace("~0", "~"));
            }
            return new Pointer(text, steps);
        }

        boolean isRoot() {
            return steps.isEmpty();
        }

        String last() {
            return steps.getLast();
        }

        boolean isAbove(Pointer other) {
            return other.steps.size() > steps.size()
                    && other.steps.subList(0, steps.size()).equals(steps);
        }
    }

    /** One run over one tree. */
    private static final class Application {

        private JsonNode root;
        private int visited;

        Application(JsonNode root) {
            this.root = root;
        }

        JsonNode run(List<Operation> operations) {
            for (Operation operation : operations) {
                switch (operation) {
                    case Operation.Add add -> add(add.path(), copy(add.value(), add.path()));
                    case Operation.Remove remove -> remove(remove.path());
                    case Operation.Replace replace -> replace(replace.path(), copy(replace.value(), replace.path()));
                    case Operation.Move move -> move(move.from(), move.path());
                    case Operation.Copy copy -> add(copy.path(), copy(get(copy.from()), copy.path()));
                    case Operation.Test test -> test(test.path(), test.value());
                }
            }
            return root;
        }

        private void move(Pointer from, Pointer path) {
            if (from.isAbove(path)) {
                throw PatchErrors.doesNotApply(
                        "can't move \"" + from.text() + "\" into its own child \"" + path.text() + "\"");
            }
            JsonNode value = get(from);
            visit(value, path.steps().size());
            remove(from);
            add(path, value);
        }

        private void test(Pointer path, JsonNode expected) {
            JsonNode actual = find(path);
            visit(expected, 0);
            if (!sameValue(actual == null ? Json.MAPPER.nullNode() : actual, expected)) {
                throw PatchErrors.doesNotApply("testing value " + path.text() + " failed: test failed");
            }
        }

        private JsonNode copy(JsonNode value, Pointer path) {
            visit(value, path.steps().size());
            return value.deepCopy();
        }

        private void add(Pointer path, JsonNode value) {
            if (path.isRoot()) {
                root = value;
                return;
            }
            switch (parent(path)) {
                case ObjectNode object -> object.set(path.last(), value);
                case ArrayNode array -> {
                    if (path.last().equals("-")) {
                        array.add(value);
                    } else {
                        array.insert(index(path, array.size()), value);
                    }
                }
                default -> throw missing("add", path);
            }
        }

        private void remove(Pointer path) {
            if (path.isRoot() || find(path) == null) {
                throw missing("remove", path);
            }
            if (parent(path) instanceof ArrayNode array) {
                array.remove(index(path, array.size() - 1));
            } else if (parent(path) instanceof ObjectNode object) {
                object.remove(path.last());
            }
        }

        private void replace(Pointer path, JsonNode value) {
            if (path.isRoot()) {
                root = value;
                return;
            }
            if (find(path) == null) {
                throw missing("replace", path);
            }
            if (parent(path) instanceof ArrayNode array) {
                array.set(index(path, array.size() - 1), value);
            } else if (parent(path) instanceof ObjectNode object) {
                object.set(path.last(), value);
            }
        }

        private JsonNode parent(Pointer path) {
            JsonNode parent = find(path.steps().subList(0, path.steps().size() - 1));
            if (parent == null) {
                throw missing("reach", path);
            }
            return parent;
        }

        private JsonNode get(Pointer path) {
            JsonNode node = find(path);
            if (node == null) {
                throw missing("read", path);
            }
            return node;
        }

        private @Nullable JsonNode find(Pointer path) {
            return find(path.steps());
        }

        private @Nullable JsonNode find(List<String> steps) {
            JsonNode node = root;
            for (String step : steps) {
                JsonNode next = node instanceof ArrayNode array
                        ? array.get(arrayIndex(step, array.size() - 1))
                        : node.get(step);
                if (next == null) {
                    return null;
                }
                node = next;
            }
            return node;
        }

        private static int index(Pointer path, int max) {
            int index = arrayIndex(path.last(), max);
            if (index < 0) {
                throw PatchErrors.doesNotApply("Unable to access invalid index: " + path.text());
            }
            return index;
        }

        /** The index a step names, -1 when it names none up to the maximum. */
        private static int arrayIndex(String step, int max) {
            if (step.isEmpty() || step.length() > 9 || (step.length() > 1 && step.charAt(0) == '0')) {
                return -1;
            }
            int index = 0;
            for (int i = 0; i < step.length(); i++) {
                char digit = step.charAt(i);
                if (digit < '0' || digit > '9') {
                    return -1;
                }
                index = (index * 10) + (digit - '0');
            }
            return index <= max ? index : -1;
        }

        private static ApiException missing(String verb, Pointer path) {
            return PatchErrors.doesNotApply("Unable to " + verb + " nonexistent path: " + path.text());
        }

        /** Charges a walk over a value that will stand so deep, which also keeps every tree within the depth JSON may have. */
        private void visit(JsonNode value, int depth) {
            if (depth > Json.MAX_NESTING_DEPTH) {
                throw PatchErrors.tooExpensive("the patch nests deeper than " + Json.MAX_NESTING_DEPTH + " levels");
            }
            if (++visited > MAX_VISITED_NODES) {
                throw PatchErrors.tooExpensive("the patch copies more than " + MAX_VISITED_NODES + " values");
            }
            if (value.isString()) {
                // A long text costs as much as many small values.
                visited += value.stringValue().length() / 16;
            }
            for (JsonNode child : value) {
                visit(child, depth + 1);
            }
        }
    }

    /** Equality of values: numbers by what they count, objects whatever their order. */
    private static boolean sameValue(JsonNode a, JsonNode b) {
        if (a.isNumber() && b.isNumber()) {
            if (a.isIntegralNumber() && b.isIntegralNumber()) {
                return a.bigIntegerValue().equals(b.bigIntegerValue());
            }
            return Double.compare(a.doubleValue(), b.doubleValue()) == 0;
        }
        if (a instanceof ObjectNode left && b instanceof ObjectNode right) {
            if (left.size() != right.size()) {
                return false;
            }
            for (Map.Entry<String, JsonNode> field : left.properties()) {
                JsonNode other = right.get(field.getKey());
                if (other == null || !sameValue(field.getValue(), other)) {
                    return false;
                }
            }
            return true;
        }
        if (a instanceof ArrayNode left && b instanceof ArrayNode right) {
            if (left.size() != right.size()) {
                return false;
            }
            for (int i = 0; i < left.size(); i++) {
                if (!sameValue(left.get(i), right.get(i))) {
                    return false;
                }
            }
            return true;
        }
        return a.equals(b);
    }
}
