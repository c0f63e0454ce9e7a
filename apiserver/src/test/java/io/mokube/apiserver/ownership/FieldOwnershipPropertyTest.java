package io.mokube.apiserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.MapSchema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.machinery.error.ApiException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Ownership against a model that knows nothing of sets in trees: an object is a bag of facts, each with a path, and a
 * manager owns paths. Random schemas, several managers, updates, applies and forced applies.
 */
class FieldOwnershipPropertyTest {

    private static final List<String> NAMES = List.of("ann", "bob", "cid");
    private static final String NOW = "2026-01-01T00:00:00Z";
    private static final String VERSION = "v1";

    @Property(tries = 1500)
    void followsTheModel(@ForAll long seed) {
        List<String> once = story(seed);
        assertThat(story(seed)).isEqualTo(once);
    }

    /** Runs one history against the model; returns what was stored after each step. */
    private static List<String> story(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        RandomTrees trees = new RandomTrees(random);
        ObjectSchema schema = trees.schema();
        FieldOwnership ownership = new FieldOwnership(new OneVersion(schema), fields -> fields);
        Model model = new Model();
        ObjectNode live = JsonNodeFactory.instance.objectNode();
        ManagedFields entries = ManagedFields.NONE;
        List<String> log = new ArrayList<>();
        for (int step = 0; step < 8; step++) {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            boolean applies = random.nextInt(3) > 0;
            FieldManager manager = new FieldManager(name, applies, VERSION, "");
            ObjectNode wish = trees.object(schema);
            if (applies) {
                boolean force = random.nextBoolean();
                Set<String> conflicts = model.apply(manager, facts(wish, schema), force);
                try {
                    FieldOwnership.Applied applied = ownership.apply(entries, live, wish, manager, force, NOW);
                    assertThat(conflicts).isEmpty();
                    live = (ObjectNode) RandomTrees.withoutNulls(applied.object());
                    entries = applied.entries();
                } catch (ApiException e) {
                    Set<String> told = new TreeSet<>();
                    Objects.requireNonNull(e.status().details())
                            .causes()
                            .forEach(cause -> told.add(cause.message() + cause.field()));
                    assertThat(told).isEqualTo(conflicts);
                }
            } else {
                ObjectNode after = trees.mixed(live, wish, schema);
                model.update(manager, facts(after, schema));
                entries = ownership.update(entries, live, after, manager, NOW);
                live = after;
            }
            assertThat(facts(live, schema)).isEqualTo(model.facts);
            assertThat(owned(entries)).isEqualTo(model.owned());
            log.add(live + " " + entries.toJson());
            // What was written can be read again.
            assertThat(ManagedFields.parse(entries.toJson()).toJson()).isEqualTo(entries.toJson());
        }
        return log;
    }

    private static Map<String, Set<String>> owned(ManagedFields entries) {
        Map<String, Set<String>> owned = new TreeMap<>();
        for (ManagedFields.Entry entry : entries.entries()) {
            Set<String> paths = new TreeSet<>();
            entry.fields().forEach(path -> paths.add(text(path)));
            owned.put(entry.manager().sortKey(), paths);
        }
        return owned;
    }

    private static String text(List<String> path) {
        StringBuilder text = new StringBuilder();
        path.forEach(element -> text.append('/').append(element));
        return text.toString();
    }

    /** What is true of an object: values by their paths, and what other things there are. */
    private static Map<String, String> facts(JsonNode tree, Schema schema) {
        Map<String, String> facts = new TreeMap<>();
        collect(tree, schema, "", facts);
        return facts;
    }

    private static final String STRUCT = "<struct>";
    private static final String LIST = "<list>";
    private static final String MAP = "<map>";

    private static void collect(JsonNode value, Schema schema, String path, Map<String, String> facts) {
        switch (schema) {
            case ObjectSchema struct
            when !struct.atomic() -> {
                facts.put(path, STRUCT);
                value.properties()
                        .forEach(field -> collect(
                                field.getValue(),
                                Objects.requireNonNull(struct.properties().get(field.getKey())),
                                path + "/f:" + field.getKey(),
                                facts));
            }
            case MapSchema map -> {
                facts.put(path, MAP);
                value.properties()
                        .forEach(
                                field -> collect(field.getValue(), map.values(), path + "/f:" + field.getKey(), facts));
            }
            case ListSchema list
            when list.listType() == ListType.SET -> {
                facts.put(path, LIST);
                value.forEach(item -> facts.put(path + "/v:" + item, item.toString()));
            }
            case ListSchema list
            when list.listType() == ListType.MAP -> {
                facts.put(path, LIST);
                value.forEach(
                        item -> collect(item, list.items(), path + "/k:{\"name\":" + item.path("name") + "}", facts));
            }
            default -> facts.put(path, value.toString());
        }
        facts.remove("");
    }

    private record OneVersion(Schema only) implements Versions {

        @Override
        public @Nullable Schema schema(String apiVersion) {
            return apiVersion.equals(VERSION) ? only : null;
        }

        @Override
        public FieldSet structures(String apiVersion) {
            return FieldSet.EMPTY;
        }

        @Override
        public ObjectNode convert(ObjectNode object, String from, String to) {
            return object;
        }
    }

    private static final class Model {

        private Map<String, String> facts = new TreeMap<>();
        private final Map<FieldManager, Set<String>> owners = new java.util.HashMap<>();

        Map<String, Set<String>> owned() {
            Map<String, Set<String>> owned = new TreeMap<>();
            owners.forEach((manager, paths) -> {
                if (!paths.isEmpty()) {
                    owned.put(manager.sortKey(), new TreeSet<>(paths));
                }
            });
            return owned;
        }

        void update(FieldManager manager, Map<String, String> after) {
            Set<String> changed = changed(facts, after);
            owners.values().forEach(paths -> {
                paths.removeAll(changed);
                paths.removeIf(path -> facts.containsKey(path) && !after.containsKey(path));
            });
            owners.computeIfAbsent(manager, ignored -> new HashSet<>()).addAll(changed);
            facts = after;
        }

        /** The conflicts that keep it from happening, as {@code conflict with "x"path}. */
        Set<String> apply(FieldManager manager, Map<String, String> config, boolean force) {
            if (owned().isEmpty() && !facts.isEmpty()) {
                FieldManager before = new FieldManager("before-first-apply", false, VERSION, "");
                return applyAfter(manager, config, force, Map.of(before, Set.copyOf(facts.keySet())));
            }
            return applyAfter(manager, config, force, Map.of());
        }

        private Set<String> applyAfter(
                FieldManager manager, Map<String, String> config, boolean force, Map<FieldManager, Set<String>> more) {
            Map<FieldManager, Set<String>> present = new java.util.HashMap<>(owners);
            present.putAll(more);
            Set<String> last = present.getOrDefault(manager, Set.of());
            Set<String> said = said(config);
            Map<String, String> merged = new TreeMap<>(facts);
            merged.putAll(config);

            Set<String> owned = new HashSet<>(said);
            present.forEach((other, paths) -> {
                if (!other.equals(manager)) {
                    owned.addAll(paths);
                }
            });
            Set<String> gone = new HashSet<>(withNamedParents(last, merged));
            gone.removeAll(withNamedParents(owned, merged));
            Map<String, String> result = new TreeMap<>(merged);
            result.keySet().removeIf(path -> gone.stream().anyMatch(top -> isAtOrBelow(path, top)));
            // What loses its last part is null from then on: not there, but not taken from its owners either.
            Set<String> emptied = new HashSet<>();
            merged.forEach((path, fact) -> {
                if (result.containsKey(path) && hasParts(path, merged) && !hasParts(path, result)) {
                    emptied.add(path);
                }
            });
            result.keySet().removeAll(emptied);

            Set<String> changed = changed(facts, result);
            Set<String> conflicts = new TreeSet<>();
            present.forEach((other, paths) -> {
                if (!other.equals(manager)) {
                    paths.stream()
                            .filter(changed::contains)
                            .forEach(path -> conflicts.add("conflict with " + other.display() + display(path)));
                }
            });
            if (!force && !conflicts.isEmpty()) {
                return conflicts;
            }
            Map<FieldManager, Set<String>> after = new java.util.HashMap<>();
            present.forEach((other, paths) -> {
                Set<String> rest = new HashSet<>(paths);
                rest.removeAll(changed);
                rest.removeIf(path -> facts.containsKey(path) && !result.containsKey(path) && !emptied.contains(path));
                after.put(other, rest);
            });
            after.put(manager, said);
            owners.clear();
            owners.putAll(after);
            facts = result;
            return Set.of();
        }

        /** What a configuration owns: values, items and keys of maps, but no structs and lists. */
        private static Set<String> said(Map<String, String> config) {
            Set<String> said = new HashSet<>();
            config.forEach((path, fact) -> {
                boolean isItem = path.lastIndexOf("/k:") > path.lastIndexOf("/f:");
                if (!Set.of(STRUCT, LIST, MAP).contains(fact) || isItem || isKey(path, config)) {
                    said.add(path);
                }
            });
            return said;
        }

        private static boolean isKey(String path, Map<String, String> facts) {
            return MAP.equals(facts.get(parent(path)));
        }

        /** Structs', lists' and maps' fields stand for what is in them; items and keys only for themselves. */
        private static Set<String> withNamedParents(Set<String> paths, Map<String, String> facts) {
            Set<String> all = new HashSet<>(paths);
            for (String path : paths) {
                for (String up = parent(path); !up.isEmpty(); up = parent(up)) {
                    boolean isField = up.lastIndexOf("/f:") > up.lastIndexOf("/k:");
                    if (isField && !isKey(up, facts)) {
                        all.add(up);
                    }
                }
            }
            return all;
        }

        private static boolean hasParts(String path, Map<String, String> facts) {
            return facts.keySet().stream().anyMatch(other -> other.startsWith(path + "/"));
        }

        private static Set<String> changed(Map<String, String> before, Map<String, String> after) {
            Set<String> changed = new HashSet<>();
            after.forEach((path, fact) -> {
                if (!fact.equals(before.get(path))) {
                    changed.add(path);
                }
            });
            return changed;
        }

        private static String parent(String path) {
            return path.substring(0, Math.max(0, path.lastIndexOf('/')));
        }

        private static boolean isAtOrBelow(String path, String top) {
            return path.equals(top) || path.startsWith(top + "/");
        }

        private static String display(String path) {
            StringBuilder text = new StringBuilder();
            for (String element : path.substring(1).split("/")) {
                text.append(PathElement.display(element));
            }
            return text.toString();
        }
    }
}
