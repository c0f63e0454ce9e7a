package io.mokube.apiserver.ownership;

import io.mokube.apiserver.ownership.ManagedFields.Entry;
import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps the books of who owns which field of one resource's objects, and merges what is applied.
 *
 * <p>An update takes the fields it changes from everyone else. An apply owns what its configuration says: where that differs
 * from what somebody else owns it conflicts or, forced, takes over; where it is the same the field is shared; and what it
 * said the last time and does not say any more leaves the object unless somebody else owns it.
 */
public final class FieldOwnership {

    private static final String BEFORE_FIRST_APPLY = "before-first-apply";

    private final Versions versions;
    private final UnaryOperator<FieldSet> tracked;

    /**
     * @param tracked leaves of a set of fields those that this kind of write can change at all: the others (the status in
     *     an update of the object itself) the resource sets back anyway
     */
    public FieldOwnership(Versions versions, UnaryOperator<FieldSet> tracked) {
        this.versions = versions;
        this.tracked = tracked;
    }

    /**
     * The entries after an update.
     *
     * @param before the object as it was, in the version the manager writes; an empty one before a create
     * @param after the object as it shall be, in that version, with defaults
     * @param now the time of the write
     * @throws UntypedException when the items of a list can't be told apart
     */
    @SuppressWarnings("ReferenceEquality") // an entry that lost nothing stays the same
    public ManagedFields update(
            ManagedFields entries, ObjectNode before, ObjectNode after, FieldManager manager, String now) {
        Changes changes = new Changes(before, after, manager.apiVersion());
        List<Entry> rest = new ArrayList<>();
        boolean isTouched = false;
        for (Entry entry : entries.entries()) {
            Comparison change = changes.in(entry.manager().apiVersion());
            if (change == null) {
                isTouched = true;
                continue;
            }
            Entry left = entry.with(entry.fields().difference(change.changed()).difference(change.removed()));
            isTouched |= left != entry;
            rest.add(left);
        }
        FieldSet own = changes.ofRequest().changed();
        if (own.isEmpty() && !isTouched) {
            return entries;
        }
        ManagedFields result = ManagedFields.of(rest);
        if (!own.isEmpty()) {
            Entry former = result.of(manager);
            result = result.with(new Entry(manager, now, former == null ? own : own.union(former.fields())));
        }
        return result.capped();
    }

    /**
     * Refuses a configuration that does not fit its schema: unknown fields, values of wrong types, items without keys or
     * with the same ones.
     *
     * @param kind for the message, such as {@code apps/v1, Kind=Deployment}
     * @throws ApiException 400 that lists everything wrong
     */
    public static void check(ObjectNode config, Schema schema, String kind) {
        List<String> errors = Configuration.check(config, schema);
        if (!errors.isEmpty()) {
            JsonNode metadata = config.path("metadata");
            throw ApiException.badRequest("failed to create typed patch object ("
                    + metadata.path("namespace").asString("") + "/"
                    + metadata.path("name").asString("") + "; " + kind + "): "
                    + (errors.size() == 1 ? errors.getFirst() : "errors:\n  " + String.join("\n  ", errors)));
        }
    }

    /**
     * The object with everything a configuration says, without asking whose its fields are: what a policy adds. Lists and
     * maps that are one value can't be part of it, because what they held would be lost.
     *
     * @param kind for messages, such as {@code apps/v1, Kind=Deployment}
     * @throws ApiException 400 for a configuration that does not fit its schema or changes what is one value
     * @throws UntypedException when the items of one of the object's lists can't be told apart
     */
    public static ObjectNode lay(ObjectNode live, ObjectNode config, Schema schema, String kind) {
        check(config, schema, kind);
        List<String> whole = new ArrayList<>();
        findWhole(config, schema, "", whole);
        if (!whole.isEmpty()) {
            throw ApiException.badRequest("invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: "
                    + String.join(", ", whole));
        }
        return Merge.apply(live, config, schema);
    }

    private static void findWhole(JsonNode value, Schema schema, String path, List<String> found) {
        switch (Shape.of(schema, value)) {
            case LEAF -> {
                if (value.isContainer()) {
                    found.add(path);
                }
            }
            case FIELDS ->
                value.properties()
                        .forEach(field -> findWhole(
                                field.getValue(),
                                Shape.field(schema, field.getKey()),
                                path + "." + field.getKey(),
                                found));
            case ITEMS -> value.forEach(item -> findWhole(item, Shape.items(schema), path + "[]", found));
        }
    }

    /**
     * What came of an apply.
     *
     * @param object the object with the configuration applied, without defaults; shares parts of both
     * @param entries the entries after it
     */
    public record Applied(ObjectNode object, ManagedFields entries) {}

    /**
     * Applies a configuration.
     *
     * @param live the object as it is, in the version the manager writes; an empty one to create it
     * @param config the configuration, in that version
     * @param force whether to take over what others own
     * @throws ApiException 409 when it conflicts
     * @throws UntypedException when the items of one of the object's lists can't be told apart
     */
    public Applied apply(
            ManagedFields entries,
            ObjectNode live,
            ObjectNode config,
            FieldManager manager,
            boolean force,
            String now) {
        ManagedFields before = entries;
        if (entries.isEmpty() && !live.isEmpty()) {
            FieldManager earlier = new FieldManager(BEFORE_FIRST_APPLY, false, manager.apiVersion(), "");
            before = update(entries, JsonNodeFactory.instance.objectNode(), live, earlier, now);
        }
        return merge(before, live, config, manager, force, now);
    }

    private Applied merge(
            ManagedFields entries,
            ObjectNode live,
            ObjectNode config,
            FieldManager manager,
            boolean force,
            String now) {
        String version = manager.apiVersion();
        Schema schema = Objects.requireNonNull(versions.schema(version));
        ObjectNode merged = Merge.apply(live, config, schema);
        Entry last = entries.of(manager);
        FieldSet said = tracked.apply(Configuration.fields(config, schema));
        List<Entry> others = new ArrayList<>();
        for (Entry entry : entries.entries()) {
            if (!entry.manager().identity().equals(manager.identity())) {
                others.add(entry);
            }
        }
        ObjectNode pruned = last == null ? merged : prune(merged, version, last, said, others);

        Changes changes = new Changes(live, pruned, version);
        Map<FieldManager, FieldSet> conflicts = new LinkedHashMap<>();
        List<Entry> result = new ArrayList<>();
        for (Entry entry : others) {
            Comparison change = changes.in(entry.manager().apiVersion());
            if (change == null) {
                continue;
            }
            FieldSet conflict = entry.fields().intersection(change.changed());
            if (!conflict.isEmpty()) {
                conflicts.put(entry.manager(), conflict);
            }
            result.add(entry.with(entry.fields().difference(conflict).difference(change.removed())));
        }
        if (!force && !conflicts.isEmpty()) {
            Map<FieldManager, FieldSet> real = withoutClientSide(conflicts, live, schema, manager);
            if (!real.isEmpty()) {
                throw conflict(real);
            }
        }
        boolean isChanged = !Comparison.isSame(live, pruned);
        String time = isChanged ? now : last == null ? "" : last.time();
        result.add(new Entry(manager, time, said));
        return new Applied(pruned, ManagedFields.of(result));
    }

    /** Takes away what the manager said the last time, does not say now, and nobody else owns. */
    private ObjectNode prune(ObjectNode merged, String version, Entry last, FieldSet said, List<Entry> others) {
        String lastVersion = last.manager().apiVersion();
        Schema schema = versions.schema(lastVersion);
        if (last.fields().isEmpty() || schema == null) {
            return merged;
        }
        ObjectNode all = versions.convert(merged, version, lastVersion);
        FieldSet lastSaid = last.fields().withNamedParents(schema);
        ObjectNode pruned = Removal.apply(all, lastSaid, schema);

        Map<String, FieldSet> owned = new LinkedHashMap<>();
        owned.put(lastVersion, FieldSet.EMPTY);
        owned.merge(version, said, FieldSet::union);
        for (Entry entry : others) {
            owned.merge(entry.manager().apiVersion(), entry.fields(), FieldSet::union);
        }
        for (Map.Entry<String, FieldSet> each : owned.entrySet()) {
            Schema ownedSchema = versions.schema(each.getKey());
            if (ownedSchema != null) {
                ObjectNode whole = versions.convert(all, lastVersion, each.getKey());
                ObjectNode rest = versions.convert(pruned, lastVersion, each.getKey());
                FieldSet kept = fields(rest, ownedSchema).union(each.getValue().withNamedParents(ownedSchema));
                ObjectNode back =
                        Removal.apply(whole, fields(whole, ownedSchema).difference(kept), ownedSchema);
                pruned = versions.convert(back, each.getKey(), lastVersion);
            }
        }
        FieldSet gone = fields(all, schema).difference(fields(pruned, schema)).intersection(lastSaid);
        return versions.convert(Removal.apply(all, gone, schema), lastVersion, version);
    }

    private static FieldSet fields(ObjectNode object, Schema schema) {
        return Configuration.fields(object, schema).withNamedParents(schema);
    }

    /**
     * The conflicts that remain when kubectl, which used to apply on the client's side, may take over what its annotation
     * says it applied and nobody changed since.
     */
    private static Map<FieldManager, FieldSet> withoutClientSide(
            Map<FieldManager, FieldSet> conflicts, ObjectNode live, Schema schema, FieldManager manager) {
        FieldSet allowed = manager.name().equals("kubectl")
                ? LastApplied.unchangedFields(live, schema, manager.apiVersion())
                : FieldSet.EMPTY;
        if (allowed.isEmpty()) {
            return conflicts;
        }
        Map<FieldManager, FieldSet> real = new LinkedHashMap<>();
        conflicts.forEach((owner, fields) -> {
            FieldSet rest = fields.difference(allowed);
            if (!rest.isEmpty()) {
                real.put(owner, rest);
            }
        });
        return real;
    }

    private static ApiException conflict(Map<FieldManager, FieldSet> conflicts) {
        Map<String, FieldManager> sorted = new TreeMap<>();
        conflicts.keySet().forEach(owner -> sorted.put(owner.sortKey(), owner));
        List<Status.Cause> causes = new ArrayList<>();
        StringBuilder list = new StringBuilder();
        for (FieldManager owner : sorted.values()) {
            list.append(list.isEmpty() ? "" : "\n")
                    .append("conflicts with ")
                    .append(owner.display())
                    .append(':');
            Objects.requireNonNull(conflicts.get(owner)).forEach(path -> {
                String field = Configuration.display(path);
                list.append("\n- ").append(field);
                causes.add(new Status.Cause("FieldManagerConflict", "conflict with " + owner.display(), field));
            });
        }
        String message = causes.size() == 1
                ? "Apply failed with 1 conflict: " + causes.getFirst().message() + ": "
                        + causes.getFirst().field()
                : "Apply failed with " + causes.size() + " conflicts: " + list;
        return new ApiException(new Status(409, "Conflict", message, new Status.Details("", "", "", "", causes, 0)));
    }

    /** What a write changes, in each version somebody owns fields of. */
    private final class Changes {

        private final ObjectNode before;
        private final ObjectNode after;
        private final String version;
        private final Map<String, Comparison> comparisons = new HashMap<>();

        Changes(ObjectNode before, ObjectNode after, String version) {
            this.before = before;
            this.after = after;
            this.version = version;
        }

        Comparison ofRequest() {
            return Objects.requireNonNull(in(version));
        }

        /** Null for a version that is not served any more. */
        @Nullable
        Comparison in(String apiVersion) {
            Comparison known = comparisons.get(apiVersion);
            if (known != null) {
                return known;
            }
            Schema schema = versions.schema(apiVersion);
            if (schema == null) {
                return null;
            }
            ObjectNode was = before.isEmpty() ? before : versions.convert(before, version, apiVersion);
            ObjectNode is = versions.convert(after, version, apiVersion);
            FieldSet structures = versions.structures(apiVersion);
            Comparison comparison = Comparison.of(was, is, schema)
                    .filtered(fields -> tracked.apply(fields).difference(structures));
            comparisons.put(apiVersion, comparison);
            return comparison;
        }
    }
}
