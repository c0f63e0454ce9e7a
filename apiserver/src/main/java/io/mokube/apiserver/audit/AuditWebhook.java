package io.mokube.apiserver.audit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Posts events to somebody, many at a time. Nobody waits for it: what does not fit into the queue is lost and counted.
 */
final class AuditWebhook implements AuditBackend {

    private static final Logger log = LoggerFactory.getLogger(AuditWebhook.class);

    private static final int MOST_WAITING = 10_000;
    private static final int MOST_AT_ONCE = 400;
    private static final int ATTEMPTS = 5;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    private final Receiver receiver;
    private final Duration maxWait;
    private final Clock clock;
    private final Counter lost;
    private final Deque<ObjectNode> waiting = new ArrayDeque<>();
    private final Thread sender;
    private boolean due;
    private boolean timed;
    private boolean closed;

    /** Takes a list of events. */
    @FunctionalInterface
    interface Receiver {
        /** @throws IOException when it is not taken */
        void post(byte[] list) throws IOException;
    }

    /** @param maxWait how long an event may wait for others */
    AuditWebhook(Receiver receiver, Duration maxWait, Clock clock, MeterRegistry meters) {
        this.receiver = receiver;
        this.maxWait = maxWait;
        this.clock = clock;
        this.lost = Counter.builder("apiserver_audit_error")
                .tag("plugin", "webhook")
                .register(meters);
        this.sender = Thread.ofVirtual().name("audit-webhook").start(this::send);
    }

    @Override
    public void tell(ObjectNode event) {
        synchronized (this) {
            if (closed || waiting.size() >= MOST_WAITING) {
                lost.increment();
                return;
            }
            waiting.add(event);
            if (waiting.size() >= MOST_AT_ONCE) {
                due = true;
                notifyAll();
            } else if (!timed) {
                timed = true;
                clock.schedule(maxWait, this::beDue);
            }
        }
    }

    private synchronized void beDue() {
        timed = false;
        due = true;
        notifyAll();
    }

    private void send() {
        try {
            for (List<ObjectNode> batch = take(); !batch.isEmpty(); batch = take()) {
                post(batch);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is to be posted next; nothing when all is done. */
    private synchronized List<ObjectNode> take() throws InterruptedException {
        while (!closed && (!due || waiting.isEmpty())) {
            due = due && !waiting.isEmpty();
            wait();
        }
        List<ObjectNode> batch = new ArrayList<>();
        while (!waiting.isEmpty() && batch.size() < MOST_AT_ONCE) {
            batch.add(waiting.remove());
        }
        due = waiting.size() >= MOST_AT_ONCE;
        if (!due && !waiting.isEmpty() && !timed) {
            timed = true;
            clock.schedule(maxWait, this::beDue);
        }
        return batch;
    }

    private void post(List<ObjectNode> batch) throws InterruptedException {
        ObjectNode list = Json.MAPPER.createObjectNode();
        list.put("kind", "EventList").put("apiVersion", "audit.k8s.io/v1").putObject("metadata");
        ArrayNode items = list.putArray("items");
        batch.forEach(items::add);
        byte[] body = Json.MAPPER.writeValueAsBytes(list);
        Duration pause = FIRST_PAUSE;
        for (int attempt = 1; ; attempt++) {
            try {
                receiver.post(body);
                return;
            } catch (IOException | RuntimeException e) {
                if (attempt == ATTEMPTS || isClosed()) {
                    lost.increment(batch.size());
                    log.atError()
                            .setMessage("audit events are lost: the webhook does not take them")
                            .addKeyValue("events", batch.size())
                            .setCause(e)
                            .log();
                    return;
                }
            }
            clock.sleep(pause);
            pause = pause.multipliedBy(2);
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            if (!sender.join(FAREWELL)) {
                sender.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
