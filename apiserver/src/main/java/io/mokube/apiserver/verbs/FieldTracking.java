package io.mokube.apiserver.verbs;

import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.ownership.FieldOwnership;
import io.mokube.apiserver.ownership.FieldSet;
import io.mokube.apiserver.ownership.ManagedFields;
import io.mokube.apiserver.ownership.UntypedException;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.object.KubeObject;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps {@code metadata.managedFields} of the objects that are written. The owners are found after defaults and before
 * admission, so that the writer owns what it left to default, and nobody what the server adds of its own.
 */
final class FieldTracking {

    private static final String FIELD = "managedFields";
    private static final Set<String> ALWAYS = Set.of("metadata");

    private FieldTracking() {}

    /**
     * The entries of a new object.
     *
     * @param object in its stored form, which stays as it is
     */
    static @Nullable JsonNode ofCreate(
            ResourceDefinition definition, KubeObject object, @Nullable FieldManager manager, String now) {
        JsonNode given = object.metadata().get(FIELD);
        if (manager == null) {
            return null;
        }
        if (manager.applies()) {
            return given;
        }
        ServedVersions versions = new ServedVersions(definition);
        ObjectNode nothing = JsonNodeFactory.instance.objectNode();
        try {
            ManagedFields entries = Objects.requireNonNullElse(given(given), ManagedFields.NONE);
            return ownership(definition, "")
                    .update(entries, nothing, versions.ofStored(object, manager.apiVersion()), manager, now)
                    .toJson();
        } catch (UntypedException e) {
            return null;
        }
    }

    /**
     * The entries of a changed object.
     *
     * @param object in its stored form, which stays as it is
     */
    @SuppressWarnings("ReferenceEquality") // entries that nothing happened to stay the same
    static @Nullable JsonNode ofUpdate(
            ResourceDefinition definition,
            String subresource,
            KubeObject object,
            KubeObject old,
            @Nullable FieldManager manager,
            String now) {
        JsonNode given = object.metadata().get(FIELD);
        JsonNode stored = old.metadata().get(FIELD);
        if (manager == null) {
            return stored;
        }
        if (manager.applies()) {
            return given;
        }
        boolean isGiven = given != null && manager.subresource().isEmpty() && !given.equals(stored);
        if (isGiven && isReset(given)) {
            return null;
        }
        ManagedFields entries = isGiven ? given(given) : null;
        JsonNode unchanged = entries == null ? stored : given;
        if (entries == null) {
            entries = stored == null ? ManagedFields.NONE : ManagedFields.ofStored(stored);
        }
        if (entries.isEmpty()) {
            // Nobody's since its owners were reset, until the first apply.
            return null;
        }
        ServedVersions versions = new ServedVersions(definition);
        String version = manager.apiVersion();
        try {
            ManagedFields changed = ownership(definition, subresource)
                    .update(entries, versions.ofStored(old, version), versions.ofStored(object, version), manager, now);
            return changed == entries && !isGiven ? unchanged : json(changed);
        } catch (UntypedException e) {
            return stored;
        }
    }

    private static @Nullable JsonNode json(ManagedFields entries) {
        return entries.isEmpty() ? null : entries.toJson();
    }

    /** What a client says of the owners; null for nothing, or nothing sensible. */
    private static @Nullable ManagedFields given(@Nullable JsonNode given) {
        if (given == null || isReset(given)) {
            return null;
        }
        try {
            ManagedFields entries = ManagedFields.parse(given);
            return entries.isEmpty() ? null : entries;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static boolean isReset(JsonNode given) {
        return given.isEmpty() || (given.size() == 1 && given.path(0).isEmpty());
    }

    /** Sets the entries; null removes them. */
    static void set(KubeObject object, @Nullable JsonNode managedFields) {
        if (managedFields == null || managedFields.isEmpty()) {
            object.metadata().remove(FIELD);
        } else {
            object.metadata().set(FIELD, managedFields);
        }
    }

    /** Where nothing changed but the times in the entries, nothing changed. */
    static void keepTimesOfNoChange(KubeObject object, KubeObject old) {
        JsonNode is = object.metadata().get(FIELD);
        JsonNode was = old.metadata().get(FIELD);
        if (is != null
                && was != null
                && !is.equals(was)
                && ManagedFields.ofStored(is).ownsSame(ManagedFields.ofStored(was))
                && isSame(object.root(), old.root(), Set.of("metadata"))
                && isSame(object.metadata(), old.metadata(), Set.of(FIELD, "resourceVersion"))) {
            object.metadata().set(FIELD, was);
        }
    }

    private static boolean isSame(ObjectNode a, ObjectNode b, Set<String> except) {
        return isIn(a, b, except, true) && isIn(b, a, except, false);
    }

    private static boolean isIn(ObjectNode a, ObjectNode b, Set<String> except, boolean byValue) {
        for (Map.Entry<String, JsonNode> field : a.properties()) {
            if (!except.contains(field.getKey())) {
                JsonNode other = b.get(field.getKey());
                if (other == null || (byValue && !other.equals(field.getValue()))) {
                    return false;
                }
            }
        }
        return true;
    }

    static FieldOwnership ownership(ResourceDefinition definition, String subresource) {
        return new FieldOwnership(new ServedVersions(definition), tracked(definition, subresource));
    }

    /** What a write can change: the rest is set back, and so changes hands with nobody. */
    private static UnaryOperator<FieldSet> tracked(ResourceDefinition definition, String subresource) {
        return switch (subresource) {
            case "" ->
                definition.subresource("status").isPresent()
                        ? fields -> fields.keepRoots(root -> !root.equals("status"))
                        : UnaryOperator.identity();
            case "status", "approval" ->
                fields -> fields.keepRoots(root -> root.equals("status") || ALWAYS.contains(root));
            case "ephemeralcontainers" -> fields -> fields.keep("spec", "ephemeralContainers"::equals);
            case "resize" ->
                fields -> fields.keep("spec", name -> name.equals("containers") || name.equals("initContainers"));
            case "finalize" -> fields -> fields.keepRoots(root -> !root.equals("status"));
            default -> UnaryOperator.identity();
        };
    }
}
