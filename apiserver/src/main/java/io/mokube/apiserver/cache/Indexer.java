package io.mokube.apiserver.cache;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** Reads from an object what selectors look at. Short strings that repeat are kept once. */
final class Indexer {

    /** Labels and field values repeat a lot, but the table of them must not grow for ever. */
    private static final int MOST_SHARED_STRINGS = 100_000;

    private static final ConcurrentHashMap<String, String> SHARED = new ConcurrentHashMap<>();

    private final List<String> names;
    private final List<Function<KubeObject, String>> readers;
    private final Predicate<KubeObject> refresh;

    private Indexer(Map<String, Function<KubeObject, String>> selectable, Predicate<KubeObject> refresh) {
        this.refresh = refresh;
        List<String> fields = new ArrayList<>(List.of("metadata.name", "metadata.namespace"));
        List<Function<KubeObject, String>> values = new ArrayList<>(List.of(KubeObject::name, KubeObject::namespace));
        selectable.forEach((name, value) -> {
            fields.add(name);
            values.add(value);
        });
        this.names = List.copyOf(fields);
        this.readers = List.copyOf(values);
    }

    /** For objects of a resource that is served. */
    static Indexer of(ResourceDefinition definition) {
        return new Indexer(definition.strategy().selectableFields(), definition.strategy()::refresh);
    }

    /** For objects whose resource is not known (yet). */
    static Indexer ofUnknown() {
        return new Indexer(Map.of(), object -> false);
    }

    /** The fields that selectors may name. */
    List<String> fieldNames() {
        return names;
    }

    /**
     * An entry of the cache.
     *
     * @throws RuntimeException when the bytes are no object
     */
    CachedObject index(String key, StoredObject stored) {
        KubeObject tree = KubeObject.parse(stored.value());
        StoredObject object = refresh.test(tree) ? stored.refreshed(tree.toBytes()) : stored;
        String[] values = new String[names.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = shared(readers.get(i).apply(tree));
        }
        Map<String, String> labels = tree.labels();
        if (!labels.isEmpty()) {
            labels.replaceAll((name, value) -> shared(value));
        }
        return new CachedObject(key, object, Map.copyOf(labels), new FieldValues(names, values));
    }

    private static String shared(String value) {
        String known = SHARED.get(value);
        if (known != null) {
            return known;
        }
        if (SHARED.size() < MOST_SHARED_STRINGS) {
            SHARED.putIfAbsent(value, value);
        }
        return value;
    }
}
