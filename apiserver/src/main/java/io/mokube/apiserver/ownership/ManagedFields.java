package io.mokube.apiserver.ownership;

import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The entries of one object's {@code metadata.managedFields}. Each change makes a new value. */
public final class ManagedFields {

    public static final ManagedFields NONE = new ManagedFields(Map.of());

    /** How many entries of updates there may be; the oldest become one when there are more. */
    private static final int MAX_UPDATERS = 10;

    private static final String ANCIENT = "ancient-changes";

    private final Map<FieldManager, Entry> entries;

    private ManagedFields(Map<FieldManager, Entry> entries) {
        this.entries = entries;
    }

    /**
     * What one manager owns.
     *
     * @param manager with the version the fields are of
     * @param time when it last changed something, {@code ""} for unknown
     */
    record Entry(FieldManager manager, String time, FieldSet fields) {

        /** With other fields; this very entry when they are the same set. */
        @SuppressWarnings("ReferenceEquality") // a set that lost nothing stays the same
        Entry with(FieldSet other) {
            return other == fields ? this : new Entry(manager, time, other);
        }
    }

    /** Reads the entries of a stored object, which the server itself wrote. */
    public static ManagedFields ofStored(JsonNode managedFields) {
        return read(managedFields, false);
    }

    /**
     * Reads the entries that a client sent.
     *
     * @throws IllegalArgumentException when they make no sense
     */
    public static ManagedFields parse(JsonNode managedFields) {
        return read(managedFields, true);
    }

    private static ManagedFields read(JsonNode managedFields, boolean isForeign) {
        if (managedFields.isEmpty()) {
            return NONE;
        }
        Map<FieldManager, Entry> entries = new LinkedHashMap<>();
        for (JsonNode each : managedFields) {
            String operation = text(each, "operation");
            String apiVersion = text(each, "apiVersion");
            if (isForeign) {
                check(operation, apiVersion, text(each, "fieldsType"));
            }
            FieldManager manager = new FieldManager(
                    text(each, "manager"), operation.equals("Apply"), apiVersion, text(each, "subresource"));
            JsonNode fieldsV1 = each.get("fieldsV1");
            FieldSet fields = !(fieldsV1 instanceof ObjectNode tree)
                    ? FieldSet.EMPTY
                    : isForeign ? FieldSet.parse(tree) : FieldSet.ofOwn(tree);
            entries.put(manager.identity(), new Entry(manager, text(each, "time"), fields));
        }
        return new ManagedFields(entries);
    }

    private static void check(String operation, String apiVersion, String fieldsType) {
        if (!operation.equals("Apply") && !operation.equals("Update")) {
            throw new IllegalArgumentException("operation must be `Apply` or `Update`");
        }
        if (apiVersion.isEmpty()) {
            throw new IllegalArgumentException("apiVersion must not be empty");
        }
        if (!fieldsType.equals("FieldsV1")) {
            throw new IllegalArgumentException("invalid fieldsType \"" + fieldsType + "\"");
        }
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asString("");
    }

    public boolean isEmpty() {
        return entries.isEmpty();
    }

    Collection<Entry> entries() {
        return entries.values();
    }

    /** What a manager owns, null for nothing. */
    @Nullable
    Entry of(FieldManager manager) {
        return entries.get(manager.identity());
    }

    /** These entries and this one, in place of the manager's former; without fields the manager has none. */
    ManagedFields with(Entry entry) {
        Map<FieldManager, Entry> changed = new LinkedHashMap<>(entries);
        if (entry.fields().isEmpty()) {
            changed.remove(entry.manager().identity());
        } else {
            changed.put(entry.manager().identity(), entry);
        }
        return new ManagedFields(changed);
    }

    static ManagedFields of(Collection<Entry> entries) {
        Map<FieldManager, Entry> byManager = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (!entry.fields().isEmpty()) {
                byManager.put(entry.manager().identity(), entry);
            }
        }
        return new ManagedFields(byManager);
    }

    /** With no more entries of updates than there may be: of each version, the oldest become one. */
    ManagedFields capped() {
        List<Entry> updaters = new ArrayList<>();
        for (Entry entry : entries.values()) {
            if (!entry.manager().applies()) {
                updaters.add(entry);
            }
        }
        if (updaters.size() <= MAX_UPDATERS) {
            return this;
        }
        updaters.sort(Comparator.comparing(Entry::time)
                .thenComparing(entry -> entry.manager().sortKey()));
        Map<FieldManager, Entry> capped = new LinkedHashMap<>(entries);
        Map<String, FieldManager> first = new HashMap<>();
        int count = updaters.size();
        for (Entry entry : updaters) {
            if (count <= MAX_UPDATERS) {
                break;
            }
            String version = entry.manager().apiVersion();
            FieldManager oldest = first.putIfAbsent(version, entry.manager());
            if (oldest == null) {
                continue;
            }
            FieldManager bucket = new FieldManager(ANCIENT, false, version, "");
            Entry old = capped.get(bucket);
            if (old == null) {
                old = capped.remove(oldest);
            }
            capped.remove(entry.manager());
            FieldSet all = old == null ? entry.fields() : entry.fields().union(old.fields());
            capped.put(bucket, new Entry(bucket, entry.time(), all));
            count--;
        }
        return new ManagedFields(capped);
    }

    /** As {@code metadata.managedFields}, in Kubernetes' order. */
    public ArrayNode toJson() {
        List<Entry> sorted = new ArrayList<>(entries.values());
        sorted.sort(Comparator.comparing((Entry entry) -> entry.manager().operation())
                .thenComparing(Entry::time)
                .thenComparing(entry -> entry.manager().name())
                .thenComparing(entry -> entry.manager().apiVersion())
                .thenComparing(entry -> entry.manager().subresource()));
        ArrayNode json = Json.MAPPER.createArrayNode();
        for (Entry entry : sorted) {
            FieldManager manager = entry.manager();
            ObjectNode node = json.addObject();
            if (!manager.name().isEmpty()) {
                node.put("manager", manager.name());
            }
            node.put("operation", manager.operation());
            node.put("apiVersion", manager.apiVersion());
            if (!entry.time().isEmpty()) {
                node.put("time", entry.time());
            }
            node.put("fieldsType", "FieldsV1");
            node.set("fieldsV1", entry.fields().toFieldsV1());
            if (!manager.subresource().isEmpty()) {
                node.put("subresource", manager.subresource());
            }
        }
        return json;
    }

    /** Whether the same managers own the same, whenever they wrote. */
    public boolean ownsSame(ManagedFields other) {
        if (!entries.keySet().equals(other.entries.keySet())) {
            return false;
        }
        for (Map.Entry<FieldManager, Entry> each : entries.entrySet()) {
            Entry theirs = other.entries.get(each.getKey());
            if (theirs == null
                    || !theirs.manager().equals(each.getValue().manager())
                    || !theirs.fields().equals(each.getValue().fields())) {
                return false;
            }
        }
        return true;
    }
}
