package io.mokube.apiserver.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** When nodes are asked. */
class NodeScraperTest {

    private final SimulatedClock clock = new SimulatedClock();
    private final AtomicInteger asked = new AtomicInteger();

    private static KubeObject node(String name) {
        KubeObject node = KubeObject.of("v1", "Node");
        node.metadata().put("name", name);
        return node;
    }

    private String answer(KubeObject node) {
        if (node.name().equals("silent")) {
            throw ApiException.internal("no route to host");
        }
        asked.incrementAndGet();
        long millis = clock.instant().toEpochMilli();
        return "node_cpu_usage_seconds_total " + millis / 2000.0 + " " + millis + "\nnode_memory_working_set_bytes 5 "
                + millis + "\n";
    }

    @Test
    void nodesAreAskedWhileSomebodyWantsToKnow() throws Exception {
        try (NodeScraper scraper = new NodeScraper(() -> List.of(node("a"), node("silent")), this::answer, clock)) {
            clock.advance(Duration.ofMinutes(10));
            assertThat(asked).hasValue(0);
            List<Long> rates = new CopyOnWriteArrayList<>();
            Thread first = Thread.ofVirtual().start(() -> {
                Measured measured = scraper.measured();
                rates.addAll(
                        measured.nodes().values().stream().map(Usage::nanoCores).toList());
            });
            Await.until("the node was asked once", () -> asked.get() == 1);
            // The second round is a second later, and answers the first question.
            Await.until("the first question is answered", () -> {
                clock.advance(Duration.ofMillis(100));
                return !first.isAlive();
            });
            assertThat(asked.get()).isEqualTo(2);
            assertThat(rates).containsExactly(500_000_000L);
            for (int round = 3; round < 8; round++) {
                int wanted = round;
                Await.until("round " + round, () -> {
                    clock.advance(Duration.ofSeconds(1));
                    scraper.measured();
                    return asked.get() >= wanted;
                });
            }
            Await.until("nobody wants to know any more", () -> {
                clock.advance(Duration.ofMinutes(1));
                return scraper.isIdle();
            });
            int before = asked.get();
            clock.advance(Duration.ofMinutes(60));
            assertThat(asked).hasValue(before);
        }
    }
}
