package io.mokube.client.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class WorkQueueTest {

    private final SimulatedClock clock = new SimulatedClock();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final WorkQueue<String> queue = new WorkQueue<>("test", new Platform(clock, new Random(1), meters));

    @Test
    void givesKeysOutOnceInTheOrderOfTheirFirstAdding() throws InterruptedException {
        queue.add("a");
        queue.add("b");
        queue.add("a");
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue.take()).isEqualTo("a");
        assertThat(queue.take()).isEqualTo("b");
        assertThat(queue.size()).isZero();
    }

    @Test
    void aKeyAddedDuringItsWorkComesAgainAfterIt() throws InterruptedException {
        queue.add("a");
        assertThat(queue.take()).isEqualTo("a");
        queue.add("a");
        queue.add("a");
        assertThat(queue.size()).isZero();
        queue.done("a");
        assertThat(queue.size()).isEqualTo(1);
        assertThat(queue.take()).isEqualTo("a");
        queue.done("a");
        assertThat(queue.size()).isZero();
    }

    @Test
    void theEarliestOfSeveralDelaysCounts() {
        queue.addAfter("a", Duration.ofSeconds(10));
        queue.addAfter("a", Duration.ofSeconds(2));
        queue.addAfter("a", Duration.ofSeconds(5));
        clock.advance(Duration.ofMillis(1999));
        assertThat(queue.size()).isZero();
        clock.advance(Duration.ofMillis(1));
        assertThat(queue.size()).isEqualTo(1);
        assertThat(clock.pending()).isZero();
    }

    @Test
    void failuresDoubleTheDelayFromFiveMillisecondsToAThousandSeconds() throws InterruptedException {
        long expected = 5;
        for (int failures = 1; failures <= 30; failures++) {
            queue.addRateLimited("a");
            assertThat(queue.failures("a")).isEqualTo(failures);
            assertThat(clock.pendingIn()).containsExactly(Duration.ofMillis(expected));
            clock.advance(Duration.ofMillis(expected));
            assertThat(queue.take()).isEqualTo("a");
            queue.done("a");
            expected = Math.min(expected * 2, 1_000_000);
        }
        queue.forget("a");
        queue.addRateLimited("a");
        assertThat(clock.pendingIn()).containsExactly(Duration.ofMillis(5));
    }

    @Test
    void shutDownGivesOutWhatWaitsAndThenEndsTheWorkers() throws InterruptedException {
        queue.add("a");
        queue.addAfter("b", Duration.ofSeconds(1));
        queue.shutDown();
        queue.add("c");
        assertThat(queue.take()).isEqualTo("a");
        assertThat(queue.take()).isNull();
        assertThat(clock.pending()).isZero();
    }

    @Test
    void shutDownWakesAWaitingWorker() {
        AtomicReference<String> got = new AtomicReference<>("nothing yet");
        Thread worker = Thread.ofVirtual().start(() -> {
            try {
                got.set(queue.take());
            } catch (InterruptedException e) {
                got.set("interrupted");
            }
        });
        Await.until("the worker waits", () -> worker.getState() == Thread.State.WAITING);
        queue.shutDownNow();
        Await.until("the worker ends", () -> !worker.isAlive());
        assertThat(got.get()).isNull();
    }

    @Test
    void manyKeysTogetherComeBackTenASecondAfterAHundred() {
        for (int i = 0; i < 100; i++) {
            queue.addRateLimited("first " + i);
        }
        assertThat(clock.pendingIn()).hasSize(100).containsOnly(Duration.ofMillis(5));
        queue.addRateLimited("next");
        queue.addRateLimited("last");
        assertThat(clock.pendingIn()).endsWith(Duration.ofMillis(100), Duration.ofMillis(200));
        clock.advance(Duration.ofSeconds(1));
        queue.addRateLimited("later");
        assertThat(clock.pendingIn()).as("eight rights are left").containsExactly(Duration.ofMillis(5));
    }

    @Test
    void countsWhatItDoesUnderKubernetesNames() throws InterruptedException {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        WorkQueue<String> counted = new WorkQueue<>("deployment", new Platform(clock, new Random(1), prometheus));
        counted.add("a");
        counted.add("a");
        counted.addRateLimited("b");
        assertThat(prometheus.scrape()).contains("workqueue_depth{name=\"deployment\"} 1.0");
        clock.advance(Duration.ofMillis(20));
        counted.take();
        clock.advance(Duration.ofSeconds(3));
        counted.take();
        counted.add("a");
        clock.advance(Duration.ofSeconds(2));
        counted.done("b");
        assertThat(prometheus.scrape())
                .contains(
                        "workqueue_adds_total{name=\"deployment\"} 3.0",
                        "workqueue_retries_total{name=\"deployment\"} 1.0",
                        "workqueue_depth{name=\"deployment\"} 1.0",
                        "workqueue_queue_duration_seconds_bucket{name=\"deployment\",le=\"0.1\"} 1",
                        "workqueue_queue_duration_seconds_count{name=\"deployment\"} 2",
                        "workqueue_work_duration_seconds_sum{name=\"deployment\"} 2.0",
                        "workqueue_unfinished_work_seconds{name=\"deployment\"} 5.0",
                        "workqueue_longest_running_processor_seconds{name=\"deployment\"} 5.0");
    }

    @Test
    void theGaugesAreThoseOfTheQueueThatLives() {
        queue.add("a");
        queue.shutDownNow();
        assertThat(meters.find("workqueue.depth").gauge()).isNull();
        WorkQueue<String> next = new WorkQueue<>("test", new Platform(clock, new Random(1), meters));
        next.add("b");
        next.add("c");
        assertThat(meters.get("workqueue.depth").gauge().value()).isEqualTo(2);
    }

    enum Step {
        ADD,
        TAKE,
        DONE
    }

    record Action(Step step, int key) {}

    @Provide
    Arbitrary<List<Action>> actions() {
        return Combinators.combine(
                        Arbitraries.of(Step.class), Arbitraries.integers().between(0, 5))
                .as(Action::new)
                .list()
                .ofMaxSize(200);
    }

    /** The model: an ordered set of waiting keys, a set being worked on, a set to come back. */
    @Property(tries = 300)
    void behavesAsItsModel(@ForAll("actions") List<Action> actions) throws InterruptedException {
        WorkQueue<Integer> real =
                new WorkQueue<>("model", new Platform(new SimulatedClock(), new Random(1), new SimpleMeterRegistry()));
        LinkedHashSet<Integer> waiting = new LinkedHashSet<>();
        Set<Integer> working = new LinkedHashSet<>();
        Set<Integer> back = new HashSet<>();
        for (Action action : actions) {
            int key = action.key();
            switch (action.step()) {
                case ADD -> {
                    real.add(key);
                    (working.contains(key) ? back : waiting).add(key);
                }
                case TAKE -> {
                    if (!waiting.isEmpty()) {
                        Integer first = waiting.removeFirst();
                        assertThat(real.take()).isEqualTo(first);
                        assertThat(working.add(first))
                                .as("given to one worker only")
                                .isTrue();
                    }
                }
                case DONE -> {
                    real.done(key);
                    if (working.remove(key) && back.remove(key)) {
                        waiting.add(key);
                    }
                }
            }
            assertThat(real.size()).isEqualTo(waiting.size());
        }
        for (Integer key : new ArrayList<>(working)) {
            real.done(key);
            if (back.remove(key)) {
                waiting.add(key);
            }
        }
        real.shutDown();
        for (Integer key : waiting) {
            assertThat(real.take()).isEqualTo(key);
        }
        assertThat(real.take()).isNull();
    }
}
