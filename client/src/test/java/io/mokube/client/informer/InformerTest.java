package io.mokube.client.informer;

import static io.mokube.client.ServerFixture.configMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.client.ServerFixture;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import io.mokube.testkit.TcpProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InformerTest {

    private ServerFixture fixture;
    private ResourceClient<ConfigMap> maps;

    @BeforeAll
    void start(@TempDir Path folder) {
        fixture = new ServerFixture(folder);
        maps = fixture.client().resource(ConfigMap.class);
    }

    @AfterAll
    void stop() {
        fixture.close();
    }

    @Test
    void tellsHandlersInOrderWhatHappens() throws InterruptedException {
        maps.create(configMap("order-0", "v", "0"));
        try (Informer<ConfigMap> informer = named("order-0")) {
            List<String> told = new CopyOnWriteArrayList<>();
            informer.addHandler(recorder(told));
            informer.start();
            assertThat(informer.awaitSynced(Duration.ofMinutes(1))).isTrue();
            assertThat(told).containsExactly("added 0");
            for (int i = 1; i <= 20; i++) {
                maps.update(configMap("order-0", "v", "" + i));
            }
            maps.delete(new ObjectKey("default", "order-0"), DeleteOptions.DEFAULT);
            maps.create(configMap("order-0", "v", "again"));
            List<String> expected = new ArrayList<>(List.of("added 0"));
            for (int i = 1; i <= 20; i++) {
                expected.add("updated " + (i - 1) + " " + i);
            }
            expected.add("deleted 20");
            expected.add("added again");
            Await.passes(() -> assertThat(told).containsExactlyElementsOf(expected));

            List<String> late = new CopyOnWriteArrayList<>();
            informer.addHandler(recorder(late));
            assertThat(late).containsExactly("added again");
        }
    }

    @Test
    void indexesFollowTheObjects() throws InterruptedException {
        try (Informer<ConfigMap> informer = new Informer<>(
                maps,
                Selection.ALL.withLabels(LabelSelector.parse("indexed")),
                fixture.client().platform())) {
            informer.addIndex("color", map -> List.of(map.getData().get("color")));
            informer.start();
            assertThat(informer.awaitSynced(Duration.ofMinutes(1))).isTrue();
            ConfigMap map = configMap("indexed", "color", "red");
            map.getMetadata().setLabels(Map.of("indexed", "yes"));
            maps.create(map);
            Await.until("red", () -> informer.store().byIndex("color", "red").size() == 1);
            map.setData(Map.of("color", "blue"));
            maps.update(map);
            Await.until("blue", () -> informer.store().count("color", "blue") == 1);
            // An object is filed anew before it leaves its old place.
            Await.until(
                    "no longer red",
                    () -> informer.store().byIndex("color", "red").isEmpty());
            assertThat(informer.store().list("default")).hasSize(1);
            map.getMetadata().setLabels(Map.of());
            maps.update(map);
            Await.until("it left the selection", () -> informer.store().size() == 0);
            Await.until(
                    "nothing is blue",
                    () -> informer.store().byIndex("color", "blue").isEmpty());
        }
    }

    /** Connections cut at random bytes while objects change: nothing is lost, repeated or seen out of order. */
    @Test
    void survivesCutsAtAnyByte() throws InterruptedException {
        Random random = new Random(20260101);
        try (TcpProxy proxy = TcpProxy.before(fixture.server().port());
                ApiClient through = fixture.clientAt(proxy.endpoint("https"));
                Informer<ConfigMap> informer = new Informer<>(
                        through.resource(ConfigMap.class),
                        Selection.ALL.withLabels(LabelSelector.parse("cut=yes")),
                        through.platform())) {
            Map<ObjectKey, ConfigMap> shown = new ConcurrentHashMap<>();
            List<String> wrong = new CopyOnWriteArrayList<>();
            informer.addHandler(checker(shown, wrong));
            for (int i = 0; i < 3; i++) {
                proxy.cutNextAfter(3000 + random.nextInt(6000));
            }
            informer.start();
            for (int i = 0; i < 400; i++) {
                String name = "cut-" + random.nextInt(12);
                ObjectKey key = new ObjectKey("default", name);
                ConfigMap map = configMap(name, "v", "" + i, "padding", "x".repeat(random.nextInt(500)));
                map.getMetadata().setLabels(Map.of("cut", "yes"));
                if (maps.get(key).isEmpty()) {
                    maps.create(map);
                } else if (random.nextInt(3) == 0) {
                    maps.delete(key, DeleteOptions.DEFAULT);
                } else {
                    maps.update(map);
                }
                if (i % 80 == 79) {
                    proxy.cutNow();
                }
            }
            List<String> truth =
                    versions(maps.list("default", ListOptions.ALL.withLabels(LabelSelector.parse("cut=yes")))
                            .items());
            Await.passes(
                    Duration.ofSeconds(30),
                    () -> assertThat(versions(informer.store().list())).isEqualTo(truth));
            assertThat(versions(shown.values())).isEqualTo(truth);
            assertThat(wrong).isEmpty();
            assertThat(proxy.accepted()).as("it was cut and came back").isGreaterThan(3);
        }
    }

    @Test
    void oneInformerServesAllWhoAskForTheSame() {
        try (InformerFactory factory = new InformerFactory(fixture.client())) {
            Informer<ConfigMap> one = factory.informer(ConfigMap.class);
            assertThat(factory.informer(ResourceType.of(ConfigMap.class))).isSameAs(one);
            assertThat(factory.informer(ResourceType.of(ConfigMap.class), Selection.ALL.withNamespace("default")))
                    .isNotSameAs(one);
        }
    }

    @Test
    void aQuietWatchThatWasHeldForAWhileEndsTheGrowingPauses() throws InterruptedException {
        SimulatedClock clock = new SimulatedClock();
        Platform platform = new Platform(clock, new Random(1), new SimpleMeterRegistry());
        try (TcpProxy proxy = TcpProxy.before(fixture.server().port());
                ApiClient far = fixture.clientAt(proxy.endpoint("https"));
                Informer<ConfigMap> quiet = new Informer<>(far.resource(ConfigMap.class), only("quiet"), platform)) {
            proxy.refuse(true);
            quiet.start();
            for (int i = 0; i < 9; i++) {
                clock.awaitPending(1);
                clock.advanceToNext();
            }
            clock.awaitPending(1);
            assertThat(clock.pendingIn().getFirst()).isGreaterThanOrEqualTo(Duration.ofSeconds(30));
            proxy.refuse(false);
            clock.advanceToNext();
            Await.until("the informer is filled", quiet::hasSynced);
            clock.advance(Duration.ofSeconds(2));
            proxy.refuse(true);
            proxy.cutNow();
            clock.awaitPending(1);
            assertThat(clock.pendingIn().getFirst()).isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
        }
    }

    @Test
    void aResourceThatTheServerLacksIsEmptyForThoseWhoCanDoWithoutIt() throws InterruptedException {
        ResourceType<KubeObject> unknown =
                ResourceType.dynamic(new GroupVersionResource("nobody.example.com", "v1", "things"), "Thing", true);
        ApiClient client = fixture.client();
        try (Informer<KubeObject> needed = new Informer<>(client.resource(unknown), Selection.ALL, client.platform());
                Informer<KubeObject> optional =
                        new Informer<>(client.resource(unknown), Selection.ALL, client.platform())) {
            optional.setOptional();
            needed.start();
            optional.start();
            assertThat(optional.awaitSynced(Duration.ofMinutes(1))).isTrue();
            assertThat(optional.store().list()).isEmpty();
            assertThat(needed.hasSynced()).isFalse();
        }
    }

    @Test
    void aHandlersBugIsItsOwn() throws InterruptedException {
        maps.create(configMap("bug", "v", "0"));
        try (Informer<ConfigMap> informer = named("bug")) {
            List<String> told = new CopyOnWriteArrayList<>();
            informer.addHandler(Handler.each(map -> {
                throw new IllegalStateException("a bug on purpose");
            }));
            informer.addHandler(recorder(told));
            informer.start();
            assertThat(informer.awaitSynced(Duration.ofMinutes(1))).isTrue();
            assertThat(told).containsExactly("added 0");
        }
    }

    private static List<String> versions(Collection<ConfigMap> objects) {
        return objects.stream()
                .map(map ->
                        map.getMetadata().getName() + " at " + map.getMetadata().getResourceVersion())
                .sorted()
                .toList();
    }

    private Informer<ConfigMap> named(String name) {
        return new Informer<>(maps, only(name), fixture.client().platform());
    }

    private static Selection only(String name) {
        return Selection.ALL.withNamespace("default").withFields(FieldSelector.equal("metadata.name", name));
    }

    private static Handler<ConfigMap> recorder(List<String> told) {
        return new Handler<>() {
            @Override
            public void added(ConfigMap map) {
                told.add("added " + map.getData().get("v"));
            }

            @Override
            public void updated(ConfigMap before, ConfigMap now) {
                told.add("updated " + before.getData().get("v") + " "
                        + now.getData().get("v"));
            }

            @Override
            public void deleted(ConfigMap last) {
                told.add("deleted " + last.getData().get("v"));
            }
        };
    }

    /** Keeps what it is told and notes everything that can't follow from what it was told before. */
    private static Handler<ConfigMap> checker(Map<ObjectKey, ConfigMap> shown, List<String> wrong) {
        return new Handler<>() {
            @Override
            public void added(ConfigMap map) {
                if (shown.put(ObjectKeys.of(map), map) != null) {
                    wrong.add("added twice: " + map);
                }
            }

            @Override
            public void updated(ConfigMap before, ConfigMap now) {
                if (!before.equals(shown.put(ObjectKeys.of(now), now))) {
                    wrong.add("updated from a state not shown: " + before);
                }
                if (version(now) <= version(before)) {
                    wrong.add("went back: " + before + " to " + now);
                }
            }

            @Override
            public void deleted(ConfigMap last) {
                if (shown.remove(ObjectKeys.of(last)) == null) {
                    wrong.add("deleted twice: " + last);
                }
            }

            private long version(ConfigMap map) {
                return Long.parseLong(map.getMetadata().getResourceVersion());
            }
        };
    }
}
