package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.selector.FieldSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The agents of many nodes, without containers. Towards the API server each does what a kubelet does: registers its node,
 * renews its lease every ten seconds, watches its own pods by {@code spec.nodeName}, writes the status of a pod that
 * started, and deletes a pod for good that was asked to end. They share their connections and workers, which is what lets
 * thousands of them fit into one process.
 */
final class HollowFleet implements AutoCloseable {

    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    private static final int WORKERS = 32;
    private static final int ZONES = 3;
    private static final DateTimeFormatter RENEWED = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");
    private static final Logger log = LoggerFactory.getLogger(HollowFleet.class);

    private final ApiClient client;
    private final Clock clock;
    private final ResourceClient<Pod> pods;
    private final ResourceClient<Lease> leases;
    private final List<HollowNode> nodes = new ArrayList<>();
    private final Informer<Node> states;
    private final List<Thread> hearts = new ArrayList<>();
    private final ReconcileLoop<NodePod> loop;

    private record HollowNode(String name, Informer<Pod> informer) {}

    /** A pod as one of the nodes sees it. */
    private record NodePod(int node, ObjectKey pod) {}

    HollowFleet(ApiClient client, int size) {
        this.client = client;
        this.clock = client.platform().clock();
        this.pods = client.resource(Pod.class);
        this.leases = client.resource(Lease.class);
        this.states = new Informer<>(client.resource(Node.class), Selection.ALL, client.platform());
        this.loop = new ReconcileLoop<>("hollow-fleet", WORKERS, this::reconcile, client.platform());
        for (int i = 0; i < size; i++) {
            int number = i;
            String name = "hollow-" + i;
            Informer<Pod> informer = new Informer<>(
                    pods, Selection.ALL.withFields(FieldSelector.equal("spec.nodeName", name)), client.platform());
            informer.setTransform(HollowFleet::slim);
            informer.addHandler(Handler.each(pod -> loop.queue().add(new NodePod(number, ObjectKeys.of(pod)))));
            nodes.add(new HollowNode(name, informer));
        }
    }

    /** What the fleet looks at, so that the pods of thousands of nodes fit into one process. */
    private static Pod slim(Pod pod) {
        return new PodBuilder()
                .withMetadata(new ObjectMetaBuilder()
                        .withNamespace(pod.getMetadata().getNamespace())
                        .withName(pod.getMetadata().getName())
                        .withUid(pod.getMetadata().getUid())
                        .withResourceVersion(pod.getMetadata().getResourceVersion())
                        .withDeletionTimestamp(pod.getMetadata().getDeletionTimestamp())
                        .build())
                .withNewStatus()
                .withPhase(pod.getStatus().getPhase())
                .endStatus()
                .build();
    }

    /** Registers all nodes, and returns when each watches its pods. */
    void start() throws InterruptedException, ExecutionException {
        List<Callable<Void>> starts = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            int number = i;
            starts.add(() -> {
                register(number);
                return null;
            });
        }
        try (ExecutorService executor = Executors.newFixedThreadPool(
                WORKERS, Thread.ofVirtual().name("register ").factory())) {
            for (Future<Void> started : executor.invokeAll(starts)) {
                started.get();
            }
        }
        states.start();
        loop.start();
    }

    private void register(int number) throws InterruptedException {
        HollowNode node = nodes.get(number);
        while (!isRegistered(node.name(), number)) {
            clock.sleep(Duration.ofSeconds(1));
        }
        node.informer().start();
        while (!node.informer().awaitSynced(Duration.ofMinutes(1))) {
            // The machine is busy.
        }
        // Spread over the period, as those of machines are that started at different times.
        Duration first = HEARTBEAT.multipliedBy(number % 1000).dividedBy(1000);
        synchronized (hearts) {
            hearts.add(Thread.ofVirtual().name("heart " + node.name()).start(() -> beat(node.name(), first)));
        }
    }

    private boolean isRegistered(String name, int number) {
        try {
            createUnlessThere(() -> client.resource(Node.class).create(node(name, number)));
            createUnlessThere(() -> leases.create(lease(name)));
            return true;
        } catch (ConnectionException e) {
            return false; // so many begin at once that some find no room
        }
    }

    /** What is there comes from an attempt whose answer was lost. */
    private static void createUnlessThere(Runnable creation) {
        try {
            creation.run();
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    private Node node(String name, int number) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(
                        Map.of("kubernetes.io/hostname", name, "topology.kubernetes.io/zone", "zone-" + number % ZONES))
                .endMetadata()
                .withNewStatus()
                .withCapacity(capacity())
                .withAllocatable(capacity())
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("KubeletReady")
                .withLastHeartbeatTime(seconds())
                .endCondition()
                .endStatus()
                .build();
    }

    private static Map<String, Quantity> capacity() {
        return Map.of("cpu", new Quantity("64"), "memory", new Quantity("256Gi"), "pods", new Quantity("2000"));
    }

    private Lease lease(String node) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withNamespace("kube-node-lease")
                .withName(node)
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(node)
                .withLeaseDurationSeconds(40)
                .withRenewTime(clock.instant().truncatedTo(ChronoUnit.MICROS).atZone(ZoneOffset.UTC))
                .endSpec()
                .build();
    }

    private void beat(String node, Duration first) {
        try {
            clock.sleep(first);
            while (true) {
                try {
                    renew(node);
                    beReady(node);
                } catch (ApiException | ConnectionException e) {
                    log.atWarn()
                            .setMessage("a heartbeat failed")
                            .addKeyValue("node", node)
                            .addKeyValue("reason", e.getMessage())
                            .log();
                }
                clock.sleep(HEARTBEAT);
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    private void renew(String node) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("spec").put("renewTime", RENEWED.format(clock.instant().atZone(ZoneOffset.UTC)));
        leases.patch(new ObjectKey("kube-node-lease", node), PatchKind.MERGE, patch);
    }

    /** A node that was too busy for its heartbeats says that it is well again. */
    private void beReady(String name) {
        ObjectKey key = new ObjectKey("", name);
        boolean ready = states.store()
                .get(key)
                .filter(node -> node.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True")))
                .isPresent();
        if (!ready) {
            ObjectNode patch = Json.MAPPER.createObjectNode();
            patch.putObject("status")
                    .putArray("conditions")
                    .addObject()
                    .put("type", "Ready")
                    .put("status", "True")
                    .put("reason", "KubeletReady")
                    .put("lastHeartbeatTime", seconds())
                    .put("lastTransitionTime", seconds());
            client.resource(Node.class).patch(key, PatchKind.STRATEGIC, patch, "status");
        }
    }

    private Outcome reconcile(NodePod key) {
        Optional<Pod> found = nodes.get(key.node()).informer().store().get(key.pod());
        if (found.isEmpty()) {
            return Outcome.done();
        }
        Pod pod = found.get();
        try {
            if (pod.getMetadata().getDeletionTimestamp() != null) {
                pods.delete(
                        key.pod(),
                        DeleteOptions.DEFAULT
                                .withUid(pod.getMetadata().getUid())
                                .withGracePeriod(Duration.ZERO));
            } else if ("Pending".equals(pod.getStatus().getPhase())) {
                pods.patch(key.pod(), PatchKind.STRATEGIC, running(pod), "status");
            }
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) {
                throw e;
            }
        }
        return Outcome.done();
    }

    private ObjectNode running(Pod pod) {
        String now = seconds();
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("uid", pod.getMetadata().getUid());
        ObjectNode status = patch.putObject("status");
        status.put("phase", "Running");
        status.put("startTime", now);
        status.put("podIP", "10.0.0.1");
        for (String type : List.of("Initialized", "ContainersReady", "Ready")) {
            status.withArray("conditions")
                    .addObject()
                    .put("type", type)
                    .put("status", "True")
                    .put("lastTransitionTime", now);
        }
        status.withArray("containerStatuses")
                .addObject()
                .put("name", "main")
                .put("ready", true)
                .put("started", true)
                .put("restartCount", 0)
                .put("image", "hollow")
                .put("imageID", "hollow")
                .put("containerID", "hollow://" + pod.getMetadata().getUid())
                .putObject("state")
                .putObject("running")
                .put("startedAt", now);
        return patch;
    }

    private String seconds() {
        Instant now = clock.instant();
        return now.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Override
    public void close() {
        synchronized (hearts) {
            hearts.forEach(Thread::interrupt);
        }
        loop.stop(Duration.ZERO);
        states.close();
        nodes.forEach(node -> node.informer().close());
    }
}
