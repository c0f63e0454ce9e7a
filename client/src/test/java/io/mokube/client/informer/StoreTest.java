package io.mokube.client.informer;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StoreTest {

    private static final ObjectKey KEY = new ObjectKey("shop", "settings");

    private final Store<ConfigMap> store = new Store<>(ResourceType.of(ConfigMap.class));

    private static ConfigMap settings(String colour) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(KEY.namespace())
                .withName(KEY.name())
                .endMetadata()
                .withData(Map.of("colour", colour))
                .build();
    }

    private List<String> colours(String indexed) {
        return store.byIndex("colour", indexed).stream()
                .map(each -> each.getData().get("colour"))
                .toList();
    }

    @Test
    void indexesFollowWhatIsStored() {
        store.addIndex("colour", each -> List.of(each.getData().get("colour")));
        store.put(KEY, settings("red"));
        assertThat(colours("red")).containsExactly("red");
        store.put(KEY, settings("blue"));
        assertThat(colours("red")).isEmpty();
        assertThat(colours("blue")).containsExactly("blue");
        assertThat(store.list("shop")).hasSize(1);
        store.remove(KEY);
        assertThat(store.count("colour", "blue")).isZero();
        assertThat(store.list("shop")).isEmpty();
    }

    /** Who waits for a change by its key decides on what the indexes show then. */
    @Test
    void aChangeIsSeenByItsKeyOnlyWhenTheIndexesShowIt() {
        List<String> seenByKey = new ArrayList<>();
        store.addIndex("colour", each -> {
            seenByKey.add(store.get(KEY)
                    .map(present -> present.getData().get("colour"))
                    .orElse("nothing"));
            return List.of(each.getData().get("colour"));
        });
        store.put(KEY, settings("red"));
        assertThat(seenByKey).containsExactly("nothing");
        seenByKey.clear();
        store.put(KEY, settings("blue"));
        assertThat(seenByKey).isNotEmpty().containsOnly("red");
        seenByKey.clear();
        store.remove(KEY);
        assertThat(seenByKey).isNotEmpty().containsOnly("blue");
        assertThat(store.get(KEY)).isEmpty();
    }
}
