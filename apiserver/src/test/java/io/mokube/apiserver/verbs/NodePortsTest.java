package io.mokube.apiserver.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStoreConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NodePortsTest {

    private static final Duration LATER = Duration.ofSeconds(61);

    private final SimulatedClock clock = new SimulatedClock(Instant.parse("2026-01-01T00:00:00Z"));
    private final Platform platform = new Platform(clock, new SplittableRandom(1), new SimpleMeterRegistry());
    private final KeyValueStore store = EmbeddedStore.open(EmbeddedStoreConfig.inMemory(), platform);
    private final Map<ObjectKey, KubeObject> services = new HashMap<>();
    private final NodePorts ports = new NodePorts(store, services::get, platform);
    private final KubeObject front = service("front");
    private final KubeObject back = service("back");

    @AfterEach
    void close() {
        store.close();
    }

    private static KubeObject service(String name) {
        KubeObject service = KubeObject.of("v1", "Service");
        service.setMetadata("namespace", "shop");
        service.setMetadata("name", name);
        service.setMetadata("uid", name + "-1");
        return service;
    }

    private void stored(KubeObject service, int nodePort) {
        service.root()
                .putObject("spec")
                .putArray("ports")
                .addObject()
                .put("port", 80)
                .put("nodePort", nodePort);
        services.put(service.key(), service);
    }

    @Test
    void aPortIsOneServicesUntilItIsGivenBack() {
        assertThat(ports.claim(30_001, front)).isTrue();
        assertThat(ports.claim(30_001, back)).isFalse();
        ports.release(30_001, back);
        assertThat(ports.claim(30_001, back)).as("only its owner gives it back").isFalse();
        ports.release(30_001, front);
        assertThat(ports.claim(30_001, back)).isTrue();
    }

    @Test
    void aClaimWithoutItsServiceIsTakenOverAfterAMinute() {
        ports.claim(30_001, front);
        clock.advance(Duration.ofSeconds(59));
        assertThat(ports.claim(30_001, back)).as("its service may still come").isFalse();
        clock.advance(Duration.ofSeconds(2));
        assertThat(ports.claim(30_001, back)).isTrue();
        ports.release(30_001, front);
        clock.advance(LATER);
        stored(back, 30_001);
        assertThat(ports.claim(30_001, front)).as("a service has it").isFalse();
    }

    @Test
    void aServiceThatGaveThePortUpAndOneOfTheSameNameHaveItNoMore() {
        ports.claim(30_001, front);
        ports.claim(30_002, back);
        clock.advance(LATER);
        stored(front, 30_009);
        stored(back, 30_002);
        back.setMetadata("uid", "back-2");
        KubeObject other = service("other");
        assertThat(ports.claim(30_001, other)).isTrue();
        assertThat(ports.claim(30_002, other)).isTrue();
    }

    @Test
    void theFirstPortsAreGivenOutLast() {
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 2768 - 86; i++) {
            given.add(ports.claimAny(front));
        }
        assertThat(given).hasSize(2768 - 86).allMatch(port -> port >= 30_086 && port <= 32_767);
        for (int i = 0; i < 86; i++) {
            given.add(ports.claimAny(front));
        }
        assertThat(given).hasSize(2768).contains(30_000, 30_085);
        assertThatThrownBy(() -> ports.claimAny(front))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("failed to allocate a nodePort: range is full");
        clock.advance(LATER);
        assertThat(ports.claimAny(back)).as("one whose service never came").isBetween(30_000, 32_767);
    }
}
