package io.mokube.kubelet.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.PatchKind;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.resources.NodeAmounts;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps the node's object at the API server true: registers it, reports its status when it changed and now and then when it
 * did not, and renews the node's lease, by which the control plane knows that the node lives.
 */
public final class NodeReporter implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NodeReporter.class);
    private static final String LEASE_NAMESPACE = "kube-node-lease";
    private static final int LEASE_SECONDS = 40;
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

    private final KubeletConfig config;
    private final ApiClient client;
    private final Clock clock;
    private final EventRecorder events;
    private final Supplier<NodeStatuses.Snapshot> snapshots;
    private final NodeStatuses statuses;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean registered;
    private volatile boolean closed;
    private boolean due;
    private volatile String uid = "";
    private @Nullable JsonNode written;
    private Instant writtenAt = Instant.EPOCH;

    /**
     * @param snapshots looks at the node; must not fail when the runtime does
     */
    public NodeReporter(
            KubeletConfig config,
            ApiClient client,
            Platform platform,
            EventRecorder events,
            Machine machine,
            NodeAmounts amounts,
            Supplier<NodeStatuses.Snapshot> snapshots) {
        this.config = config;
        this.client = client;
        this.clock = platform.clock();
        this.events = events;
        this.snapshots = snapshots;
        this.statuses = new NodeStatuses(config, machine, amounts);
    }

    /** Begins, on threads of its own; returns at once. */
    public void start() {
        threads.add(Thread.ofVirtual().name("node status").start(this::reportForEver));
        threads.add(Thread.ofVirtual().name("node lease").start(this::renewForEver));
    }

    /** Whether the API server knows the node. */
    public boolean registered() {
        return registered;
    }

    private void reportForEver() {
        try {
            while (!closed) {
                Duration pause = config.timings().status();
                try {
                    if (!registered) {
                        register();
                    }
                    report();
                } catch (ApiException | ConnectionException e) {
                    boolean gone = e instanceof ApiException error && error.isNotFound();
                    if (gone) {
                        registered = false;
                        written = null;
                    }
                    log.atWarn()
                            .setMessage("the node's status was not reported")
                            .addKeyValue("node", config.nodeName())
                            .addKeyValue("reason", e.getMessage())
                            .log();
                    pause = RETRY;
                } catch (RuntimeException e) {
                    log.atError()
                            .setMessage("reporting the node failed")
                            .setCause(e)
                            .log();
                }
                // Not ready is told as soon as it is over.
                awaitReport(written != null && !ready(written) ? RETRY : pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Has the status looked at now, as something changed. */
    public synchronized void reportNow() {
        due = true;
        notifyAll();
    }

    private synchronized void awaitReport(Duration pause) throws InterruptedException {
        Clock.Timer timer = clock.schedule(pause, this::reportNow);
        while (!due) {
            wait();
        }
        due = false;
        timer.cancel();
    }

    private void register() {
        Optional<Node> existing = client.resource(Node.class).get("", config.nodeName());
        Node node = existing.orElseGet(this::create);
        uid = node.getMetadata().getUid();
        registered = true;
        if (existing.isPresent()) {
            keepMetadata(node);
        }
        log.atInfo()
                .setMessage("node registered")
                .addKeyValue("node", config.nodeName())
                .addKeyValue("new", existing.isEmpty())
                .log();
        events.normal(node, "Starting", "Starting kubelet.");
    }

    private Node create() {
        Node node = statuses.newNode(snapshots.get(), clock.instant());
        try {
            return client.resource(Node.class).create(node);
        } catch (ApiException e) {
            if (e.isAlreadyExists()) {
                return client.resource(Node.class).get("", config.nodeName()).orElseThrow(() -> e);
            }
            throw e;
        }
    }

    /** Puts back the labels and annotations that the agent owns; others' are left alone. */
    private void keepMetadata(Node node) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        keep(statuses.labels(), node.getMetadata().getLabels(), metadata.putObject("labels"));
        keep(statuses.annotations(), node.getMetadata().getAnnotations(), metadata.putObject("annotations"));
        if (!metadata.path("labels").isEmpty() || !metadata.path("annotations").isEmpty()) {
            client.resource(Node.class).patch(new ObjectKey("", config.nodeName()), PatchKind.MERGE, patch);
        }
    }

    private static void keep(Map<String, String> own, @Nullable Map<String, String> present, ObjectNode patch) {
        own.forEach((key, value) -> {
            if (present == null || !value.equals(present.get(key))) {
                patch.put(key, value);
            }
        });
    }

    private void report() {
        Instant now = clock.instant();
        JsonNode status = statuses.status(snapshots.get(), written, now);
        boolean changed =
                written == null || !statuses.withoutHeartbeats(status).equals(statuses.withoutHeartbeats(written));
        boolean due =
                Duration.between(writtenAt, now).compareTo(config.timings().statusReport()) >= 0;
        if (!changed && !due) {
            JsonNode theirs = otherwise(status);
            if (theirs == null) {
                return;
            }
            // What changes from there has changed now.
            status = statuses.status(snapshots.get(), theirs, now);
            written = theirs;
        }
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode fields = (ObjectNode) status.deepCopy();
        if (fields.get("addresses") instanceof ArrayNode addresses) {
            addresses.insertObject(0).put("$patch", "replace");
        }
        patch.set("status", fields);
        Node node = client.resource(Node.class)
                .patch(new ObjectKey("", config.nodeName()), PatchKind.STRATEGIC, patch, "status");
        boolean nowReady = ready(status) && (written == null || !ready(written));
        written = status;
        writtenAt = now;
        if (nowReady) {
            events.normal(node, "NodeReady", "Node " + config.nodeName() + " status is now: NodeReady");
        }
    }

    /**
     * The status at the API server if it says otherwise about a condition, as the node lifecycle controller has it say
     * Unknown about a node that was silent; null if it does not. A node that is gone is registered again.
     */
    private @Nullable JsonNode otherwise(JsonNode status) {
        Node node = client.resource(Node.class).get("", config.nodeName()).orElse(null);
        if (node == null) {
            registered = false;
            written = null;
            return null;
        }
        JsonNode shown = Json.MAPPER.valueToTree(node.getStatus());
        Map<String, String> said = new HashMap<>();
        for (JsonNode condition : shown.path("conditions")) {
            said.put(
                    condition.path("type").asString(""),
                    condition.path("status").asString(""));
        }
        for (JsonNode condition : status.path("conditions")) {
            String mine = condition.path("status").asString("");
            if (!mine.equals(said.getOrDefault(condition.path("type").asString(""), mine))) {
                return shown;
            }
        }
        return null;
    }

    private static boolean ready(JsonNode status) {
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asString("").equals("Ready")) {
                return condition.path("status").asString("").equals("True");
            }
        }
        return false;
    }

    // ---- the lease

    private void renewForEver() {
        try {
            while (!closed) {
                Duration pause = config.timings().lease();
                try {
                    if (registered) {
                        renew();
                    } else {
                        pause = Duration.ofMillis(100);
                    }
                } catch (ApiException | ConnectionException e) {
                    log.atWarn()
                            .setMessage("the node's lease was not renewed")
                            .addKeyValue("node", config.nodeName())
                            .addKeyValue("reason", e.getMessage())
                            .log();
                    pause = RETRY;
                }
                clock.sleep(pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void renew() {
        ZonedDateTime now = clock.instant().atZone(ZoneOffset.UTC);
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode spec = patch.putObject("spec");
        spec.put("holderIdentity", config.nodeName());
        spec.put("leaseDurationSeconds", LEASE_SECONDS);
        spec.put("renewTime", MICROS.format(now));
        ObjectKey key = new ObjectKey(LEASE_NAMESPACE, config.nodeName());
        try {
            client.resource(Lease.class).patch(key, PatchKind.MERGE, patch);
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
            createLease(now);
        }
    }

    private void createLease(ZonedDateTime now) {
        ObjectMeta metadata = new ObjectMetaBuilder()
                .withName(config.nodeName())
                .withNamespace(LEASE_NAMESPACE)
                .withOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("Node")
                        .withName(config.nodeName())
                        .withUid(uid)
                        .build())
                .build();
        Lease lease = new LeaseBuilder()
                .withMetadata(metadata)
                .withNewSpec()
                .withHolderIdentity(config.nodeName())
                .withLeaseDurationSeconds(LEASE_SECONDS)
                .withRenewTime(now)
                .endSpec()
                .build();
        try {
            client.resource(Lease.class).create(lease);
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
    }
}
