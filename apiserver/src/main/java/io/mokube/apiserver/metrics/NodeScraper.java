package io.mokube.apiserver.metrics;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks all kubelets what their nodes use, every {@link #INTERVAL}, while somebody wants to know: whoever has not asked for
 * {@link #PATIENCE} costs nothing. The first question after a while waits for two quick rounds, so that it is answered.
 */
public final class NodeScraper implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NodeScraper.class);

    /** As metrics-server's. */
    private static final Duration INTERVAL = Duration.ofSeconds(15);

    /** Between the first two rounds. */
    private static final Duration FIRST_INTERVAL = Duration.ofSeconds(1);

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** How long a first question waits for an answer, in real time. */
    private static final Duration FIRST_ANSWER = Duration.ofSeconds(5);

    /** How long a round waits for nodes, in real time: a dead one must not keep the first question from its answer. */
    private static final Duration QUICK = Duration.ofMillis(1500);

    private static final Duration THOROUGH = Duration.ofSeconds(10);

    private static final int AT_ONCE = 64;

    private final Supplier<List<KubeObject>> nodes;
    private final Function<KubeObject, String> kubelet;
    private final Clock clock;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Thread thread;
    private Measured measured = Measured.NOTHING;
    private long askedAt;
    private int rounds;
    private boolean idle = true;
    private boolean closed;

    /**
     * @param nodes all nodes there are
     * @param kubelet what a node's kubelet answers to {@code /metrics/resource}; throws {@link ApiException} when it does not
     */
    public NodeScraper(Supplier<List<KubeObject>> nodes, Function<KubeObject, String> kubelet, Clock clock) {
        this.nodes = nodes;
        this.kubelet = kubelet;
        this.clock = clock;
        this.thread = Thread.ofVirtual().name("node metrics").start(this::run);
    }

    /** What is known; waits for it when nobody asked for a while. */
    Measured measured() {
        lock.lock();
        try {
            askedAt = clock.nanoTime();
            if (idle) {
                idle = false;
                rounds = 0;
                changed.signalAll();
            }
            long left = FIRST_ANSWER.toNanos();
            while (rounds < 2 && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            return measured;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("the server is shutting down");
        } finally {
            lock.unlock();
        }
    }

    /** Whether it waits for somebody to ask. */
    boolean isIdle() {
        lock.lock();
        try {
            return idle;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            Duration patience = QUICK;
            while (awaitInterest()) {
                boolean begins = round(patience) < 2;
                patience = begins ? QUICK : THOROUGH;
                clock.sleep(begins ? FIRST_INTERVAL : INTERVAL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean awaitInterest() throws InterruptedException {
        lock.lock();
        try {
            if (!idle && clock.nanoTime() - askedAt > PATIENCE.toNanos()) {
                idle = true;
                measured = Measured.NOTHING;
            }
            while (idle && !closed) {
                changed.await();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Asks all nodes, and waits for those that answer soon; says how many rounds there were. */
    private int round(Duration patience) throws InterruptedException {
        List<KubeObject> all = nodes.get();
        Map<String, Optional<NodeSample>> answers = new ConcurrentHashMap<>();
        CountDownLatch left = new CountDownLatch(all.size());
        for (KubeObject node : all) {
            answers.put(node.name(), Optional.empty());
            calls.execute(() -> {
                try {
                    places.acquire();
                    try {
                        answers.put(node.name(), ask(node));
                    } finally {
                        places.release();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } finally {
                    left.countDown();
                }
            });
        }
        boolean everybody = left.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        log.atDebug()
                .setMessage("asked the nodes what they use")
                .addKeyValue("all", everybody)
                .log();
        lock.lock();
        try {
            measured = measured.next(Map.copyOf(answers));
            changed.signalAll();
            return ++rounds;
        } finally {
            lock.unlock();
        }
    }

    private Optional<NodeSample> ask(KubeObject node) {
        try {
            return Optional.of(NodeSample.parse(kubelet.apply(node), clock.instant()));
        } catch (ApiException e) {
            log.atDebug()
                    .setMessage("a node does not say what it uses")
                    .addKeyValue("node", node.name())
                    .addKeyValue("reason", e.getMessage())
                    .log();
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
        calls.shutdownNow();
    }
}
