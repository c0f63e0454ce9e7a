package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A set of fields, kept in the very form {@code fieldsV1} has: a tree of {@link PathElement}s in which a node is a member
 * when it is empty or holds {@code "."}. So reading and writing cost nothing, and a set that shares most of its fields
 * with another shares most of its nodes.
 *
 * <p>A parent is a member on its own account: a set may hold a list's item, or only fields below it, or both. Never
 * changed once built.
 */
public final class FieldSet {

    public static final FieldSet EMPTY = new FieldSet(JsonNodeFactory.instance.objectNode());

    private static final String SELF = ".";

    /** A member without children. Shared, never changed. */
    private static final ObjectNode LEAF = JsonNodeFactory.instance.objectNode();

    private final ObjectNode root;

    private FieldSet(ObjectNode root) {
        this.root = root;
    }

    /** A set that this class wrote; the tree is shared and must not change any more. */
    static FieldSet ofOwn(ObjectNode fieldsV1) {
        return new FieldSet(fieldsV1);
    }

    /**
     * Reads a set that somebody else wrote.
     *
     * @throws IllegalArgumentException when it is none
     */
    static FieldSet parse(JsonNode fieldsV1) {
        return new FieldSet(parseChildren(fieldsV1));
    }

    private static ObjectNode parseChildren(JsonNode given) {
        if (!(given instanceof ObjectNode fields)) {
            throw new IllegalArgumentException("fieldsV1 has a value that is no object");
        }
        ObjectNode parsed = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> child : fields.properties()) {
            if (child.getKey().equals(SELF)) {
                continue;
            }
            String element = PathElement.canonical(child.getKey());
            if (element != null) {
                ObjectNode below = parseChildren(child.getValue());
                boolean member = child.getValue().isEmpty() || child.getValue().has(SELF);
                ObjectNode node = node(member, below);
                if (node != null) {
                    parsed.set(element, node);
                }
            }
        }
        return parsed;
    }

    /** The set as {@code fieldsV1}, in Kubernetes' order. */
    ObjectNode toFieldsV1() {
        return ordered(root);
    }

    private static ObjectNode ordered(ObjectNode node) {
        if (node.isEmpty()) {
            return LEAF;
        }
        ObjectNode ordered = JsonNodeFactory.instance.objectNode();
        if (node.has(SELF)) {
            ordered.set(SELF, LEAF);
        }
        List<String> elements = new ArrayList<>(node.size());
        node.propertyNames().forEach(name -> {
            if (!name.equals(SELF)) {
                elements.add(name);
            }
        });
        for (String element : PathElement.sorted(elements)) {
            ordered.set(element, ordered((ObjectNode) node.get(element)));
        }
        return ordered;
    }

    public boolean isEmpty() {
        return root.isEmpty();
    }

    /** Whether the field at a path is a member. */
    boolean has(List<String> path) {
        JsonNode node = root;
        for (String element : path) {
            node = node.get(element);
            if (node == null) {
                return false;
            }
        }
        return !path.isEmpty() && isMember(node);
    }

    /** Whether the field one step away is a member. */
    boolean has(String element) {
        JsonNode node = root.get(element);
        return node != null && isMember(node);
    }

    /** What is below a step, null for nothing. */
    @Nullable
    FieldSet below(String element) {
        return root.get(element) instanceof ObjectNode node && hasChildren(node) ? new FieldSet(node) : null;
    }

    /** Fields of either set. */
    FieldSet union(FieldSet other) {
        return other.isEmpty() ? this : isEmpty() ? other : new FieldSet(unionOfChildren(root, other.root));
    }

    private static ObjectNode unionOfChildren(ObjectNode a, ObjectNode b) {
        ObjectNode union = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> child : a.properties()) {
            if (!child.getKey().equals(SELF)) {
                ObjectNode left = (ObjectNode) child.getValue();
                union.set(
                        child.getKey(), b.get(child.getKey()) instanceof ObjectNode right ? union(left, right) : left);
            }
        }
        for (Map.Entry<String, JsonNode> child : b.properties()) {
            if (!child.getKey().equals(SELF) && !a.has(child.getKey())) {
                union.set(child.getKey(), child.getValue());
            }
        }
        return union;
    }

    private static ObjectNode union(ObjectNode a, ObjectNode b) {
        return Objects.requireNonNull(node(isMember(a) || isMember(b), unionOfChildren(a, b)));
    }

    /** Fields of both sets. */
    FieldSet intersection(FieldSet other) {
        return new FieldSet(intersectionOfChildren(root, other.root));
    }

    private static ObjectNode intersectionOfChildren(ObjectNode a, ObjectNode b) {
        ObjectNode intersection = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> child : b.properties()) {
            if (!child.getKey().equals(SELF) && a.get(child.getKey()) instanceof ObjectNode left) {
                ObjectNode right = (ObjectNode) child.getValue();
                ObjectNode node = node(isMember(left) && isMember(right), intersectionOfChildren(left, right));
                if (node != null) {
                    intersection.set(child.getKey(), node);
                }
            }
        }
        return intersection;
    }

    /** Fields of this set that are not in the other; this very set when there is nothing to take away. */
    FieldSet difference(FieldSet other) {
        return without(other, false);
    }

    /** Fields of this set that neither are in the other nor stand below one that is. */
    FieldSet recursiveDifference(FieldSet other) {
        return without(other, true);
    }

    @SuppressWarnings("ReferenceEquality") // the very node: nothing went
    private FieldSet without(FieldSet other, boolean recursive) {
        ObjectNode rest = without(root, other.root, false, recursive);
        return rest == root ? this : rest == null ? EMPTY : new FieldSet(rest);
    }

    @SuppressWarnings("ReferenceEquality") // the very node: nothing went
    private static @Nullable ObjectNode without(ObjectNode node, ObjectNode gone, boolean isNode, boolean recursive) {
        boolean wasMember = isNode && isMember(node);
        boolean isGone = isNode && isMember(gone);
        if (isGone && recursive) {
            return null;
        }
        ObjectNode children = null;
        for (Map.Entry<String, JsonNode> child : gone.properties()) {
            String element = child.getKey();
            if (element.equals(SELF) || !(node.get(element) instanceof ObjectNode before)) {
                continue;
            }
            ObjectNode after = without(before, (ObjectNode) child.getValue(), true, recursive);
            if (after != before) {
                children = children == null ? childrenOf(node) : children;
                if (after == null) {
                    children.remove(element);
                } else {
                    children.set(element, after);
                }
            }
        }
        if (children == null && !(wasMember && isGone)) {
            return node;
        }
        return node(wasMember && !isGone, children == null ? childrenOf(node) : children);
    }

    /** This set and with each field that is below named fields those, too. */
    FieldSet withNamedParents(Schema schema) {
        return new FieldSet(withNamedParents(root, schema));
    }

    private static ObjectNode withNamedParents(ObjectNode node, Schema schema) {
        ObjectNode children = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> child : node.properties()) {
            String element = child.getKey();
            if (element.equals(SELF)) {
                continue;
            }
            ObjectNode below = (ObjectNode) child.getValue();
            boolean isField = PathElement.isField(element);
            String name = isField ? PathElement.fieldName(element) : "";
            Schema childSchema = isField ? Shape.field(schema, name) : Shape.items(schema);
            boolean member = isMember(below) || (isField && Shape.isNamed(schema, name));
            children.set(element, Objects.requireNonNull(node(member, withNamedParents(below, childSchema))));
        }
        return children;
    }

    /** The top-level fields that pass, with what is below them. */
    public FieldSet keepRoots(Predicate<String> names) {
        ObjectNode kept = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> child : root.properties()) {
            if (PathElement.isField(child.getKey()) && names.test(PathElement.fieldName(child.getKey()))) {
                kept.set(child.getKey(), child.getValue());
            }
        }
        return kept.size() == root.size() ? this : new FieldSet(kept);
    }

    /** Of one top-level field those below that pass, with what is below them, and nothing else. */
    public FieldSet keep(String root, Predicate<String> names) {
        FieldSet below = below(PathElement.field(root));
        ObjectNode kept = JsonNodeFactory.instance.objectNode();
        if (below != null) {
            ObjectNode node = node(false, childrenOf(below.keepRoots(names).root));
            if (node != null) {
                kept.set(PathElement.field(root), node);
            }
        }
        return new FieldSet(kept);
    }

    /** Calls with the path of each member, parents' fields before those of their children. */
    void forEach(Consumer<List<String>> action) {
        forEach(root, new ArrayList<>(), action);
    }

    private static void forEach(ObjectNode node, List<String> path, Consumer<List<String>> action) {
        List<String> elements = new ArrayList<>(node.size());
        node.propertyNames().forEach(name -> {
            if (!name.equals(SELF)) {
                elements.add(name);
            }
        });
        List<String> sorted = PathElement.sorted(elements);
        for (String element : sorted) {
            if (isMember(node.get(element))) {
                path.add(element);
                action.accept(path);
                path.removeLast();
            }
        }
        for (String element : sorted) {
            path.add(element);
            forEach((ObjectNode) node.get(element), path, action);
            path.removeLast();
        }
    }

    private static boolean isMember(JsonNode node) {
        return node.isEmpty() || node.has(SELF);
    }

    private static boolean hasChildren(ObjectNode node) {
        return node.size() > (node.has(SELF) ? 1 : 0);
    }

    private static ObjectNode childrenOf(ObjectNode node) {
        ObjectNode children = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> child : node.properties()) {
            if (!child.getKey().equals(SELF)) {
                children.set(child.getKey(), child.getValue());
            }
        }
        return children;
    }

    /** A node, null when it says nothing. Takes the children over. */
    private static @Nullable ObjectNode node(boolean member, ObjectNode children) {
        if (children.isEmpty()) {
            return member ? LEAF : null;
        }
        if (member) {
            children.set(SELF, LEAF);
        }
        return children;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FieldSet set && root.equals(set.root);
    }

    @Override
    public int hashCode() {
        return root.hashCode();
    }

    /** The {@code fieldsV1} of this set. */
    @Override
    public String toString() {
        return toFieldsV1().toString();
    }

    /** Collects fields. */
    static final class Builder {

        private final ObjectNode root = JsonNodeFactory.instance.objectNode();

        /** Adds the field at a path; the root itself is nobody's. */
        void add(List<String> path) {
            ObjectNode node = root;
            int last = path.size() - 1;
            for (int i = 0; i < last; i++) {
                node = descend(node, path.get(i));
            }
            if (last >= 0) {
                String element = path.get(last);
                JsonNode present = node.get(element);
                if (present == null) {
                    node.set(element, LEAF);
                } else if (!present.isEmpty()) {
                    ((ObjectNode) present).set(SELF, LEAF);
                }
            }
        }

        private static ObjectNode descend(ObjectNode node, String element) {
            JsonNode present = node.get(element);
            if (present instanceof ObjectNode child && !child.isEmpty()) {
                return child;
            }
            ObjectNode child = JsonNodeFactory.instance.objectNode();
            if (present != null) {
                child.set(SELF, LEAF);
            }
            node.set(element, child);
            return child;
        }

        /** The fields so far; the builder is not to be used any more. */
        FieldSet build() {
            return root.isEmpty() ? EMPTY : new FieldSet(root);
        }
    }
}
