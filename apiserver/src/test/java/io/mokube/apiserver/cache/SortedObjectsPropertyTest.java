package io.mokube.apiserver.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The persistent tree against a sorted map, with old states kept and looked at again. */
class SortedObjectsPropertyTest {

    private static CachedObject entry(String key, long revision) {
        byte[] bytes =
                "{\"kind\":\"K\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"}}".getBytes(StandardCharsets.UTF_8);
        return new CachedObject(
                key, StoredObject.of(bytes, revision), Map.of(), new FieldValues(List.of(), new String[0]));
    }

    @Property(tries = 60)
    void agreesWithASortedMap(@ForAll @Size(max = 1500) List<@IntRange(min = -400, max = 400) Integer> steps) {
        SortedObjects objects = SortedObjects.EMPTY;
        TreeMap<String, Long> model = new TreeMap<>();
        SortedObjects halfway = objects;
        TreeMap<String, Long> halfwayModel = new TreeMap<>();
        long revision = 0;
        for (int step : steps) {
            revision++;
            String key = "ns/" + Math.abs(step);
            if (step < 0) {
                objects = objects.without(key);
                model.remove(key);
            } else {
                objects = objects.with(entry(key, revision));
                model.put(key, revision);
            }
            if (revision == steps.size() / 2) {
                halfway = objects;
                halfwayModel = new TreeMap<>(model);
            }
        }
        assertSame(objects, model);
        assertSame(halfway, halfwayModel);
        List<CachedObject> all = new ArrayList<>();
        objects.scan("", all::add);
        assertSame(SortedObjects.ofSorted(all), model);
    }

    private static void assertSame(SortedObjects objects, NavigableMap<String, Long> model) {
        Map<String, Long> seen = new TreeMap<>();
        List<String> order = new ArrayList<>();
        objects.scan("", entry -> {
            seen.put(entry.key(), entry.object().revision());
            order.add(entry.key());
            return true;
        });
        assertThat(seen).isEqualTo(model);
        assertThat(order).isSorted();
        assertThat(objects.size()).isEqualTo(model.size());
        for (String key : List.of("ns/0", "ns/25", "ns/3", "ns/399")) {
            assertThat(objects.countBefore(key)).isEqualTo(model.headMap(key).size());
            assertThat(objects.get(key) == null).isEqualTo(!model.containsKey(key));
            List<String> from = new ArrayList<>();
            objects.scan(key, entry -> from.add(entry.key()));
            assertThat(from).containsExactlyElementsOf(model.tailMap(key).keySet());
        }
    }
}
