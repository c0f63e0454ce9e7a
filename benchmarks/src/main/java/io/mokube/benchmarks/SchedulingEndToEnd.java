package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClassBuilder;
import io.mokube.benchmarks.RolloutScale.Step;
import io.mokube.benchmarks.SchedulingCase.Beside;
import io.mokube.client.rest.ApiClient;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import tools.jackson.databind.JsonNode;

/**
 * One case of the scheduler's benchmark through the API server: nodes and pods are created as clients do, and a watch tells
 * when the last pod has its node. The pods that are measured come while the scheduler works, as in the original.
 */
final class SchedulingEndToEnd implements AutoCloseable {

    private static final int CONNECTIONS = 16;
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final Duration BESIDE_EVERY = Duration.ofMillis(200);
    private static final Duration CHURN_EVERY = Duration.ofSeconds(1);
    private static final Duration DELETION_EVERY = Duration.ofMillis(20);
    private static final String CHURNED = "node-churn";
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String STANDING = "sched-0";
    private static final String MEASURED = "sched-1";
    private static final String BESIDE = "beside";
    private static final String HIGH = "high";
    private static final String ADDED = "{\"type\":\"ADDED\"";
    private static final List<String> JSON = List.of("Accept: application/json");

    private final SchedulingCase scheduled;
    private final int nodes;
    private final URI server;
    private final SSLContext tls;
    private final ApiClient client;
    private final Map<String, Subject> components;
    private final AtomicInteger made = new AtomicInteger();
    /** Pods that stand there and go one by one. */
    private final Deque<String> standing = new ArrayDeque<>();

    SchedulingEndToEnd(
            SchedulingCase scheduled,
            int nodes,
            URI server,
            SSLContext tls,
            ApiClient client,
            Map<String, Subject> components) {
        this.scheduled = scheduled;
        this.nodes = nodes;
        this.server = server;
        this.tls = tls;
        this.client = client;
        this.components = components;
    }

    /** Creates the nodes and the pods that stand there before. */
    void fill() throws Exception {
        client.resource(PriorityClass.class)
                .create(new PriorityClassBuilder()
                        .withNewMetadata()
                        .withName(HIGH)
                        .endMetadata()
                        .withValue(10)
                        .build());
        for (String namespace : List.of(STANDING, MEASURED, BESIDE)) {
            client.resource(Namespace.class)
                    .create(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(namespace)
                            .endMetadata()
                            .build());
            client.resource(ServiceAccount.class)
                    .create(new ServiceAccountBuilder()
                            .withNewMetadata()
                            .withNamespace(namespace)
                            .withName("default")
                            .endMetadata()
                            .build());
        }
        post(
                "/api/v1/nodes",
                nodes,
                number -> Json.MAPPER.writeValueAsString(SchedulingReplay.node(scheduled, number)));
        for (PodShape shape : scheduled.standing()) {
            int count = scheduled.standingOfEach(nodes);
            try (Bindings bindings = new Bindings(STANDING)) {
                int before = bindings.awaitFirst();
                createPods(shape, STANDING, count);
                bindings.await(before + count);
            }
        }
        if (scheduled.beside() == Beside.DELETION) {
            for (int number = 1; number <= made.get(); number++) {
                standing.add("pod-" + number);
            }
            createPods(PodShape.GATED, BESIDE, scheduled.standingOfEach(nodes) / 2);
        }
    }

    /** Creates the measured pods, waits until each has its node, and deletes them. */
    Step measure(int round) throws Exception {
        int count = scheduled.measuredPods(nodes);
        Map<String, Duration> before = new LinkedHashMap<>();
        components.forEach((name, component) -> before.put(name, component.cpu()));
        long begun = System.nanoTime();
        Duration time;
        try (Bindings bindings = new Bindings(MEASURED);
                Churn churn = new Churn()) {
            createPods(scheduled.measured(), MEASURED, count);
            bindings.await(count);
            time = Duration.ofNanos(System.nanoTime() - begun);
        }
        Map<String, Duration> cpu = new LinkedHashMap<>();
        Map<String, Long> resident = new LinkedHashMap<>();
        components.forEach((name, component) -> {
            cpu.put(name, component.cpu().minus(before.getOrDefault(name, Duration.ZERO)));
            resident.put(name, component instanceof JavaSubject process ? process.resident() : 0L);
        });
        System.out.printf(
                "  %s, round %d: %.0f pods/s, CPU %s%n", scheduled.name(), round, count * 1e9 / time.toNanos(), cpu);
        empty(MEASURED);
        if (scheduled.beside() != Beside.DELETION) {
            empty(BESIDE);
            replaceStanding();
        }
        return new Step(scheduled.name() + ", round " + round, count, time, cpu, resident);
    }

    /** Puts others in the place of standing pods that had to go, so that each round finds the same cluster. */
    private void replaceStanding() throws Exception {
        if (scheduled.standing().size() != 1) {
            return;
        }
        JsonNode some = client.get(path(STANDING) + "?limit=1");
        int left = some.path("items").size()
                + some.at("/metadata/remainingItemCount").asInt(0);
        int missing = scheduled.standingOfEach(nodes) - left;
        if (missing > 0) {
            try (Bindings bindings = new Bindings(STANDING)) {
                int before = bindings.awaitFirst();
                createPods(scheduled.standing().getFirst(), STANDING, missing);
                bindings.await(before + missing);
            }
        }
    }

    private void createPods(PodShape shape, String namespace, int count) throws Exception {
        NamedObjects pods = NamedObjects.of(created(shape, namespace));
        post(path(namespace), count, number -> pods.json("pod-" + made.incrementAndGet()));
    }

    /** A pod whose priority comes from a class, as the API server wants it. */
    private static Pod created(PodShape shape, String namespace) {
        Pod pod = shape.pod(namespace, NamedObjects.NAME);
        if (pod.getSpec().getPriority() > 0) {
            pod.getSpec().setPriorityClassName(HIGH);
        }
        pod.getSpec().setPriority(null);
        pod.getSpec().setTerminationGracePeriodSeconds(0L);
        return pod;
    }

    private static String path(String namespace) {
        return "/api/v1/namespaces/" + namespace + "/pods";
    }

    /** What to post, by its number. */
    private interface Body {
        String json(int number);
    }

    private void post(String path, int count, Body body) throws Exception {
        URI target = URI.create(server + path);
        AtomicInteger next = new AtomicInteger();
        Callable<Void> maker = () -> {
            try (HttpConnection connection = new HttpConnection(target, tls)) {
                for (int number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
                    byte[] request = HttpConnection.request("POST", target, JSON, body.json(number));
                    connection.exchange(request, false).expect(201, target);
                }
            }
            return null;
        };
        List<Callable<Void>> makers = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            makers.add(maker);
        }
        try (ExecutorService executor = Executors.newFixedThreadPool(CONNECTIONS)) {
            for (Future<Void> each : executor.invokeAll(makers)) {
                each.get();
            }
        }
    }

    private void empty(String namespace) throws Exception {
        URI target = URI.create(server + path(namespace));
        try (HttpConnection connection = new HttpConnection(target, tls)) {
            connection
                    .exchange(HttpConnection.request("DELETE", target, JSON, "{\"gracePeriodSeconds\":0}"), false)
                    .expect(200, target);
        }
        while (!client.get(path(namespace) + "?limit=1").path("items").isEmpty()) {
            client.platform().clock().sleep(LOOK);
        }
    }

    private void delete(String path) throws Exception {
        URI target = URI.create(server + path);
        try (HttpConnection connection = new HttpConnection(target, tls)) {
            connection
                    .exchange(HttpConnection.request("DELETE", target, JSON, "{\"gracePeriodSeconds\":0}"), false)
                    .expect(200, target);
        }
    }

    /** What happens beside the pods that are measured, as often as in the original. */
    private final class Churn implements AutoCloseable {

        private final CountDownLatch end = new CountDownLatch(1);
        private final Thread thread = Thread.ofVirtual().unstarted(this::run);
        private boolean churned;

        Churn() {
            if (scheduled.beside() != Beside.NOTHING) {
                thread.start();
            }
        }

        private void run() {
            try {
                for (boolean again = true; again; again = !end.await(every().toMillis(), TimeUnit.MILLISECONDS)) {
                    happen();
                }
                if (scheduled.beside() == Beside.CHURN && churned) {
                    happen();
                }
            } catch (Exception e) {
                throw new IllegalStateException("what happens beside the measured pods can't", e);
            }
        }

        private Duration every() {
            return switch (scheduled.beside()) {
                case NOTHING, PREEMPTION, UNSCHEDULABLE -> BESIDE_EVERY;
                case CHURN -> CHURN_EVERY;
                case DELETION -> DELETION_EVERY;
            };
        }

        private void happen() throws Exception {
            switch (scheduled.beside()) {
                case NOTHING -> {}
                case PREEMPTION -> createPods(PodShape.HIGH_PRIORITY, BESIDE, 1);
                case UNSCHEDULABLE -> createPods(PodShape.HIGH_PRIORITY_LARGE, BESIDE, 1);
                case CHURN -> {
                    if (churned) {
                        delete("/api/v1/nodes/" + CHURNED);
                    } else {
                        post("/api/v1/nodes", 1, number -> "{\"metadata\":{\"name\":\"" + CHURNED + "\"}}");
                        createPods(PodShape.HIGH_PRIORITY_LARGE, BESIDE, 1);
                    }
                    churned = !churned;
                }
                case DELETION -> {
                    if (!standing.isEmpty()) {
                        delete(path(STANDING) + "/" + standing.remove());
                    }
                }
            }
        }

        @Override
        public void close() throws InterruptedException {
            end.countDown();
            if (thread.isAlive()) {
                thread.join();
            }
        }
    }

    /** Counts the pods of a namespace that have a node. */
    private final class Bindings implements AutoCloseable {

        private final HttpConnection connection;
        private final AtomicInteger bound = new AtomicInteger();

        Bindings(String namespace) throws IOException {
            URI watch = URI.create(server + path(namespace) + "?watch=true&fieldSelector=spec.nodeName!%3D");
            connection = new HttpConnection(watch, tls);
            connection.send(HttpConnection.head("GET", watch, JSON));
            Thread.ofVirtual().start(this::count);
        }

        private void count() {
            try {
                String begun = "";
                for (String chunk = connection.nextChunk(); chunk != null; chunk = connection.nextChunk()) {
                    String[] lines = (begun + chunk).split("\n", -1);
                    for (int i = 0; i < lines.length - 1; i++) {
                        if (lines[i].startsWith(ADDED)) {
                            bound.incrementAndGet();
                        }
                    }
                    begun = lines[lines.length - 1];
                }
            } catch (IOException e) {
                // Closed at the end.
            }
        }

        /** How many had a node when the watch began: nothing happens in that namespace meanwhile. */
        int awaitFirst() throws InterruptedException {
            int listed = client.get(path(STANDING) + "?fieldSelector=spec.nodeName!%3D&limit=1000000")
                    .path("items")
                    .size();
            await(listed);
            return listed;
        }

        void await(int pods) throws InterruptedException {
            long begun = System.nanoTime();
            while (bound.get() < pods) {
                client.platform().clock().sleep(Duration.ofMillis(2));
                if (System.nanoTime() - begun > PATIENCE.toNanos()) {
                    throw new IllegalStateException(
                            "only " + bound + " of " + pods + " pods of " + scheduled.name() + " have a node");
                }
            }
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
