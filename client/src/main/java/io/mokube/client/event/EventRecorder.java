package io.mokube.client.event;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.micrometer.core.instrument.Counter;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reports what happened to objects. Recording never blocks and never fails: events wait in a bounded queue for a thread
 * that sends them, and are dropped, and counted, when the queue is full, the object has too many of them, or the server
 * stays away.
 */
public final class EventRecorder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EventRecorder.class);
    private static final int MOST_WAITING = 1000;
    private static final int MOST_TRIES = 12;

    private final ResourceClient<Event> events;
    private final String component;
    private final String instance;
    private final Platform platform;
    private final Correlator correlator;
    private final BlockingQueue<Observation> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final Thread sender;
    private final Counter dropped;
    private long lastName;

    /** What may be said of an event. */
    public enum Type {
        NORMAL("Normal"),
        WARNING("Warning");

        private final String word;

        Type(String word) {
            this.word = word;
        }
    }

    /**
     * Begins to send, on a thread of its own, until closed.
     *
     * @param component who reports, such as {@code replicaset-controller}
     * @param host the node it runs on, {@code ""} when that means nothing
     */
    public EventRecorder(ApiClient client, String component, String host) {
        this.events = client.resource(Event.class);
        this.component = component;
        this.instance = host;
        this.platform = client.platform();
        this.correlator = new Correlator(platform.clock());
        this.dropped =
                Counter.builder("events.dropped").tag("component", component).register(platform.meters());
        this.sender = Thread.ofVirtual().name("events " + component).start(this::run);
    }

    /** Reports that something went as it should. */
    public void normal(HasMetadata about, String reason, String message) {
        record(reference(about), Type.NORMAL, reason, message);
    }

    /** Reports that something went wrong. */
    public void warning(HasMetadata about, String reason, String message) {
        record(reference(about), Type.WARNING, reason, message);
    }

    /** Reports something about any object, or a part of it named by {@code fieldPath}. */
    public void record(ObjectReference about, Type type, String reason, String message) {
        String text = message.length() > 1024 ? message.substring(0, 1021) + "..." : message;
        Observation observation =
                new Observation(about, type.word, reason, text, platform.clock().instant());
        if (!waiting.offer(observation)) {
            dropped.increment();
        }
    }

    /** The reference by which an event names a typed object. */
    public static ObjectReference reference(HasMetadata object) {
        return new ObjectReferenceBuilder()
                .withApiVersion(object.getApiVersion())
                .withKind(object.getKind())
                .withNamespace(object.getMetadata().getNamespace())
                .withName(object.getMetadata().getName())
                .withUid(object.getMetadata().getUid())
                .withResourceVersion(object.getMetadata().getResourceVersion())
                .build();
    }

    /** The reference by which an event names an object of any kind. */
    public static ObjectReference reference(KubeObject object) {
        return new ObjectReferenceBuilder()
                .withApiVersion(object.apiVersion())
                .withKind(object.kind())
                .withNamespace(object.namespace().isEmpty() ? null : object.namespace())
                .withName(object.name())
                .withUid(object.uid())
                .withResourceVersion(object.resourceVersion())
                .build();
    }

    /** Sends no more; what still waits is dropped. */
    @Override
    public void close() {
        sender.interrupt();
    }

    private void run() {
        try {
            while (true) {
                Observation observation = waiting.take();
                try {
                    switch (correlator.correlate(observation)) {
                        case Correlator.Verdict.Drop() -> dropped.increment();
                        case Correlator.Verdict.Send(Correlator.Sequence sequence) -> send(observation, sequence);
                    }
                } catch (RuntimeException e) {
                    dropped.increment();
                    log.atError()
                            .setMessage("an event was not sent")
                            .addKeyValue("reason", observation.reason())
                            .setCause(e)
                            .log();
                }
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    /** Writes the sequence's present state; tries again while the server is away. */
    private void send(Observation observation, Correlator.Sequence sequence) throws InterruptedException {
        for (int tries = 1; tries <= MOST_TRIES; tries++) {
            try {
                write(observation, sequence);
                return;
            } catch (ApiException e) {
                if (e.code() < 500) {
                    // Its namespace is being deleted, or the server does not like it: trying again changes nothing.
                    log.atDebug()
                            .setMessage("the server refused an event")
                            .addKeyValue("reason", e.getMessage())
                            .log();
                    break;
                }
            } catch (ConnectionException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            // A first pause of any length keeps the components of a restarting cluster apart.
            long millis = tries == 1 ? platform.random().nextLong(1000) : Math.min(10_000, 500L << tries);
            platform.clock().sleep(Duration.ofMillis(millis));
        }
        dropped.increment();
    }

    private void write(Observation observation, Correlator.Sequence sequence) {
        ObjectKey known = sequence.written();
        if (known != null) {
            try {
                ObjectNode patch = Json.MAPPER.createObjectNode();
                patch.put("count", sequence.count());
                patch.put("message", sequence.message());
                patch.put("lastTimestamp", seconds(observation.at()));
                events.patch(known, PatchKind.MERGE, patch);
                return;
            } catch (ApiException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
                // It expired in the meantime: a new one takes its place.
            }
        }
        Event event = newEvent(observation, sequence);
        try {
            events.create(event);
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) { // an attempt whose answer was lost
                throw e;
            }
        }
        sequence.setWritten(new ObjectKey(
                event.getMetadata().getNamespace(), event.getMetadata().getName()));
    }

    private Event newEvent(Observation observation, Correlator.Sequence sequence) {
        ObjectReference about = observation.about();
        String namespace = Objects.requireNonNullElse(about.getNamespace(), "default");
        return new EventBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(uniqueName(about.getName()))
                .endMetadata()
                .withInvolvedObject(about)
                .withType(observation.type())
                .withReason(observation.reason())
                .withMessage(sequence.message())
                .withCount(sequence.count())
                .withFirstTimestamp(seconds(sequence.first()))
                .withLastTimestamp(seconds(observation.at()))
                .withNewSource()
                .withComponent(component)
                .withHost(instance.isEmpty() ? null : instance)
                .endSource()
                .withReportingComponent(component)
                .withReportingInstance(instance)
                .build();
    }

    /** The object's name and a number that grows with time and is never used twice. */
    private String uniqueName(String objectName) {
        Instant now = platform.clock().instant();
        lastName = Math.max(lastName + 1, now.getEpochSecond() * 1_000_000_000L + now.getNano());
        String base = objectName.length() > 230 ? objectName.substring(0, 230) : objectName;
        return base + "." + Long.toHexString(lastName);
    }

    private static String seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** Something that was reported. */
    record Observation(ObjectReference about, String type, String reason, String message, Instant at) {}
}
