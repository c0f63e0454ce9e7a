package io.mokube.proxy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class SharedMapTest {

    /** Against the JDK's map: what the new one holds, what became of the old one, and in what they differ. */
    @Property(tries = 200)
    void aNextMapDiffersFromTheOneBeforeInWhatWasChanged(@ForAll long seed) {
        Random random = new Random(seed);
        SharedMap<Integer, Object> before = SharedMap.empty();
        Map<Integer, Object> model = new HashMap<>();
        for (int round = 0; round < 4; round++) {
            Map<Integer, Object> old = Map.copyOf(model);
            SharedMap.Editor<Integer, Object> editor = before.edit();
            for (int i = random.nextInt(2000); i > 0; i--) {
                int key = random.nextInt(3000);
                if (random.nextBoolean()) {
                    Object value = new Object();
                    model.put(key, value);
                    editor.put(key, value);
                } else {
                    model.remove(key);
                    editor.remove(key);
                }
            }
            SharedMap<Integer, Object> now = editor.done();
            assertThat(content(now)).isEqualTo(model);
            assertThat(now.size()).isEqualTo(model.size());
            assertThat(content(before)).isEqualTo(old);
            Set<Integer> different = new HashSet<>(old.keySet());
            different.addAll(model.keySet());
            different.removeIf(key -> old.get(key) == model.get(key));
            assertThat(now.changedSince(before)).isEqualTo(different);
            assertThat(now.changedSince(now)).isEmpty();
            before = now;
        }
    }

    private static Map<Integer, Object> content(SharedMap<Integer, Object> map) {
        Map<Integer, Object> content = new HashMap<>();
        map.forEach(content::put);
        return content;
    }
}
