package io.mokube.client.reconcile;

import io.micrometer.core.instrument.Counter;
import io.mokube.client.queue.WorkQueue;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.WriteGuard.WriteRefusedException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers that take keys from a queue and hand them to a reconciler, until stopped. What came of it is counted under
 * controller-runtime's names, {@code controller_runtime_reconcile_total} and {@code
 * controller_runtime_reconcile_errors_total}.
 */
public final class ReconcileLoop<K> {

    private static final Logger log = LoggerFactory.getLogger(ReconcileLoop.class);

    private final String name;
    private final int workers;
    private final Reconciler<K> reconciler;
    private final WorkQueue<K> queue;
    private final Platform platform;
    private final Counter errors;
    private final List<Thread> threads = new ArrayList<>();
    private final CountDownLatch working;

    /**
     * A loop that has not started. Keys may be added at once.
     *
     * @param name the controller's name, in metrics and logs
     * @param workers how many keys are worked on at the same time
     */
    public ReconcileLoop(String name, int workers, Reconciler<K> reconciler, Platform platform) {
        this.name = name;
        this.workers = workers;
        this.reconciler = reconciler;
        this.platform = platform;
        this.working = new CountDownLatch(workers);
        this.queue = new WorkQueue<>(name, platform);
        this.errors = Counter.builder("controller.runtime.reconcile.errors")
                .tag("controller", name)
                .register(platform.meters());
    }

    public String name() {
        return name;
    }

    /** Where keys are added. */
    public WorkQueue<K> queue() {
        return queue;
    }

    /** Starts the workers. */
    public synchronized void start() {
        for (int i = threads.size(); i < workers; i++) {
            threads.add(Thread.ofVirtual().name(name + " " + i).start(this::work));
        }
    }

    /** Takes no more keys, gives the work in flight the grace period to end, then interrupts it. */
    public synchronized void stop(Duration grace) {
        queue.shutDownNow();
        if (grace.isPositive() && !threads.isEmpty()) {
            awaitEnd(grace);
        }
        threads.forEach(Thread::interrupt);
    }

    private void awaitEnd(Duration grace) {
        Clock.Timer timer = platform.clock().schedule(grace, this::waitNoLonger);
        try {
            working.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            timer.cancel();
        }
    }

    private void waitNoLonger() {
        while (working.getCount() > 0) {
            working.countDown();
        }
    }

    private void work() {
        try {
            K key;
            while ((key = queue.take()) != null) {
                try {
                    reconcile(key);
                } finally {
                    queue.done(key);
                }
            }
        } catch (InterruptedException e) {
            // The loop is being stopped, and nothing is left to do.
        } finally {
            working.countDown();
        }
    }

    private void reconcile(K key) throws InterruptedException {
        try {
            Outcome outcome = reconciler.reconcile(key);
            switch (outcome) {
                case Outcome.Done() -> {
                    count("success");
                    queue.forget(key);
                }
                case Outcome.Again(Duration after) -> {
                    count("requeue_after");
                    queue.forget(key);
                    queue.addAfter(key, after);
                }
                case Outcome.GiveUp(String reason) -> {
                    count("give_up");
                    queue.forget(key);
                    log.atWarn()
                            .setMessage("gave up until something changes")
                            .addKeyValue("controller", name)
                            .addKeyValue("key", key)
                            .addKeyValue("reason", reason)
                            .log();
                }
            }
        } catch (WriteRefusedException e) {
            countError(); // leadership is lost, and with it the right to try again
        } catch (ApiException | ConnectionException e) {
            retry(key, e.getMessage(), null);
        } catch (RuntimeException e) {
            retry(key, "a bug", e);
        }
    }

    private void retry(K key, @Nullable String reason, @Nullable Throwable bug) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        countError();
        queue.addRateLimited(key);
        (bug == null ? log.atInfo() : log.atError())
                .setMessage("reconciling failed and is tried again")
                .addKeyValue("controller", name)
                .addKeyValue("key", key)
                .addKeyValue("reason", reason)
                .setCause(bug)
                .log();
    }

    private void countError() {
        count("error");
        errors.increment();
    }

    private void count(String result) {
        Counter.builder("controller.runtime.reconcile")
                .tag("controller", name)
                .tag("result", result)
                .register(platform.meters())
                .increment();
    }
}
