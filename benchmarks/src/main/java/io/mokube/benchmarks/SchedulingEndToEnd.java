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
import java.util.ArrayList;
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

/**
 * One case of the scheduler's benchmark through the API server: nodes and pods are created as clients do, and a watch tells
 * when the last pod has its node. The pods that are measured come while the scheduler works, as in the original.
 */
final class SchedulingEndToEnd implements AutoCloseable {

    private static final int CONNECTIONS = 16;
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final Duration BESIDE_EVERY = Duration.ofMillis(200);
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
        empty(BESIDE);
        return new Step(scheduled.name() + ", round " + round, count, time, cpu, resident);
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

    /** Pods that come beside those that are measured, five a second as in the original. */
    private final class Churn implements AutoCloseable {

        private final CountDownLatch end = new CountDownLatch(1);
        private final Thread thread = Thread.ofVirtual().unstarted(this::run);

        Churn() {
            if (scheduled.beside() == Beside.PREEMPTION || scheduled.beside() == Beside.UNSCHEDULABLE) {
                thread.start();
            }
        }

        private void run() {
            PodShape shape =
                    scheduled.beside() == Beside.PREEMPTION ? PodShape.HIGH_PRIORITY : PodShape.HIGH_PRIORITY_LARGE;
            try {
                do {
                    createPods(shape, BESIDE, 1);
                } while (!end.await(BESIDE_EVERY.toMillis(), TimeUnit.MILLISECONDS));
            } catch (Exception e) {
                throw new IllegalStateException("pods beside the measured ones can't be created", e);
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
