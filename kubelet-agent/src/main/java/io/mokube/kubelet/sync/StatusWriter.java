package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.PatchKind;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tells the API server how one pod is: always the newest status, again and again while the server is away, and never the
 * same twice unless somebody else has changed a condition that it told. The node lifecycle controller does that to pods of a
 * node that is silent: they have to be ready again when it speaks. Whoever reports does not wait.
 */
final class StatusWriter implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StatusWriter.class);
    private static final Duration RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(10);

    private final ApiClient client;
    private final Clock clock;
    private final Function<Pod, Optional<String>> target;
    private @Nullable JsonNode written;
    private String writtenTo = "";
    private long writtenVersion;
    private @Nullable Report pending;
    private boolean writing;
    private boolean closed;

    private record Report(Pod pod, PodStatus status) {}

    /**
     * @param target the UID of the object that shows a pod at the API server; empty while there is none, which leaves its
     *     status unwritten
     */
    StatusWriter(ApiClient client, Clock clock, Function<Pod, Optional<String>> target) {
        this.client = client;
        this.clock = clock;
        this.target = target;
    }

    /** Notes what the API server has already. */
    synchronized void known(Pod pod, PodStatus status) {
        written = Json.MAPPER.valueToTree(status);
        writtenTo = PodFacts.uid(pod);
        writtenVersion = version(pod);
    }

    /** Has this status written, unless a newer one comes first. */
    synchronized void report(Pod pod, PodStatus status) {
        if (closed) {
            return;
        }
        pending = new Report(pod, status);
        if (!writing) {
            writing = true;
            Thread.ofVirtual().name("status " + pod.getMetadata().getName()).start(this::write);
        }
    }

    /** Whether nothing waits to be written. */
    synchronized boolean idle() {
        return !writing;
    }

    /** Waits until everything reported is written, or can't be any more. */
    synchronized void awaitIdle() throws InterruptedException {
        while (writing && !closed) {
            wait();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }

    private synchronized @Nullable Report next() {
        Report report = closed ? null : pending;
        pending = null;
        if (report == null) {
            writing = false;
            notifyAll();
        }
        return report;
    }

    private synchronized void retry(Report report) {
        if (pending == null) {
            pending = report;
        }
    }

    private void write() {
        Duration pause = RETRY;
        Report report;
        while ((report = next()) != null) {
            try {
                write(report);
                pause = RETRY;
            } catch (ApiException e) {
                if (e.isNotFound() || e.code() == 409) {
                    // The pod is gone or another of its name took its place: nobody asks for this status.
                    continue;
                }
                log.atWarn()
                        .setMessage("the server refused a pod's status")
                        .addKeyValue("pod", PodFacts.key(report.pod()))
                        .addKeyValue("reason", e.getMessage())
                        .log();
                retry(report);
                pause = sleep(pause);
            } catch (ConnectionException e) {
                retry(report);
                pause = sleep(pause);
            } catch (RuntimeException e) {
                log.atError()
                        .setMessage("a pod's status was not written")
                        .addKeyValue("pod", PodFacts.key(report.pod()))
                        .setCause(e)
                        .log();
                retry(report);
                pause = sleep(pause);
            }
        }
    }

    private Duration sleep(Duration pause) {
        try {
            clock.sleep(pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
        }
        Duration doubled = pause.multipliedBy(2);
        return doubled.compareTo(LONGEST_RETRY) > 0 ? LONGEST_RETRY : doubled;
    }

    private void write(Report report) {
        JsonNode status = Json.MAPPER.valueToTree(report.status());
        String uid = target.apply(report.pod()).orElse("");
        JsonNode before;
        synchronized (this) {
            before = uid.equals(writtenTo) ? written : null;
            // An older object may show what was there before the last patch.
            boolean overruled = version(report.pod()) > writtenVersion
                    && overruled(report.pod().getStatus(), report.status());
            if (uid.isEmpty() || (status.equals(before) && !overruled)) {
                return;
            }
        }
        Pod patched = client.resource(Pod.class)
                .patch(PodFacts.key(report.pod()), PatchKind.STRATEGIC, patch(uid, status, before), "status");
        synchronized (this) {
            written = status;
            writtenTo = uid;
            writtenVersion = version(patched);
        }
    }

    /** Whether what is shown says otherwise about a condition than was told. */
    static boolean overruled(@Nullable PodStatus shown, PodStatus told) {
        if (shown == null) {
            return false;
        }
        return told.getConditions().stream()
                .anyMatch(mine -> shown.getConditions().stream()
                        .anyMatch(theirs -> theirs.getType().equals(mine.getType())
                                && !theirs.getStatus().equals(mine.getStatus())));
    }

    private static long version(Pod pod) {
        String version = pod.getMetadata().getResourceVersion();
        return version == null || version.isEmpty() ? 0 : Long.parseLong(version);
    }

    /**
     * A patch that leaves others' conditions alone and is refused when the pod was replaced by another of its name.
     *
     * <p>A strategic merge keeps what a patch does not name, so everything that may have been there before is named.
     */
    static ObjectNode patch(String uid, JsonNode status, @Nullable JsonNode before) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("uid", uid);
        ObjectNode fields = (ObjectNode) status.deepCopy();
        for (String field : List.of("reason", "message", "podIP", "hostIP")) {
            if (!fields.has(field)) {
                fields.putNull(field);
            }
        }
        for (String list : List.of("podIPs", "hostIPs")) {
            ArrayNode items = fields.get(list) instanceof ArrayNode present ? present : fields.putArray(list);
            items.insertObject(0).put("$patch", "replace");
        }
        if (fields.get("conditions") instanceof ArrayNode conditions) {
            for (JsonNode condition : conditions) {
                if (condition instanceof ObjectNode object) {
                    if (!object.has("reason")) {
                        object.putNull("reason");
                    }
                    if (!object.has("message")) {
                        object.putNull("message");
                    }
                }
            }
        }
        if (before != null) {
            removePassed(fields, before);
        }
        patch.set("status", fields);
        return patch;
    }

    /** Conditions that are the agent's and that it tells no more. */
    private static void removePassed(ObjectNode fields, JsonNode before) {
        for (JsonNode condition : before.path("conditions")) {
            String type = condition.path("type").asString("");
            if (type.startsWith("PodResize")
                    && fields.get("conditions") instanceof ArrayNode now
                    && now.valueStream()
                            .noneMatch(each -> type.equals(each.path("type").asString("")))) {
                now.addObject().put("$patch", "delete").put("type", type);
            }
        }
    }
}
