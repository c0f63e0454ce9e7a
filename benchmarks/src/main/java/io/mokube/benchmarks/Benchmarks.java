package io.mokube.benchmarks;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.benchmarks.Comparison.Figure;
import io.mokube.benchmarks.Comparison.Plan;
import io.mokube.benchmarks.Comparison.Side;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.Pem;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The API server against simpler things that do the same work: a bare servlet, nginx, etcd asked directly, a loop that
 * writes to sockets.
 */
public final class Benchmarks {

    private static final String USAGE = """
            usage: benchmarks/run get|list|create|watch|latency|memory|idle|rollout|dns|services|scheduling|scheduling-etcd
                |pods|agents|junit
                [--rounds N] [--seconds N] [--warm-up N] [--objects N] [--watchers N]
                [--nodes N] [--background N] [--results FOLDER]""";

    private static final Duration WARM_UP = Duration.ofSeconds(8);
    /** The way of a write is long, and with all processors busy the JVM takes its time to compile it. */
    private static final Duration CREATE_WARM_UP = Duration.ofSeconds(20);

    private static final Duration IDLE_AFTER = Duration.ofSeconds(30);
    private static final int GET_CONNECTIONS = 16;
    private static final int LIST_CONNECTIONS = 2;
    private static final int FILLING_CONNECTIONS = 32;
    private static final int DNS_CLIENTS = 16;
    private static final int SLOW_READERS = 10;
    private static final int PODS_OF_A_NODE = 110;
    private static final int MOST_AGENTS = 500;
    private static final int CLUSTERS_OF_A_JVM = 8;
    private static final long GIBI = 1L << 30;
    private static final long MEGA = 1_000_000;
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final List<String> JSON = List.of("Accept: application/json");

    private static final double END_TO_END_GOAL = 1.5;

    private final String token = UUID.randomUUID().toString();
    private final Path work;
    private final Options options;

    /**
     * What to run.
     *
     * @param objects how many pods the server holds
     * @param watchers how many watch
     * @param nodes how many hollow nodes there are
     * @param background how many pods the cluster holds before a rollout
     */
    record Options(
            int rounds,
            Duration turn,
            Duration warmUp,
            int objects,
            int watchers,
            int nodes,
            int background,
            Path results) {}

    private Benchmarks(Path work, Options options) {
        this.work = work;
        this.options = options;
    }

    /** See {@link #USAGE}. */
    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        if (arguments.length == 0 || arguments.length % 2 == 0) {
            usage();
        }
        int rounds = 5;
        Duration turn = Duration.ofSeconds(4);
        Duration warmUp =
                switch (arguments[0]) {
                    case "create" -> CREATE_WARM_UP;
                    case "idle" -> IDLE_AFTER;
                    default -> WARM_UP;
                };
        int watchers = 1000;
        int nodes = arguments[0].startsWith("scheduling")
                ? SchedulingCase.NODES
                : arguments[0].equals("agents") ? MOST_AGENTS : 1000;
        int background = 0;
        int objects =
                switch (arguments[0]) {
                    case "list", "rollout", "dns", "services" -> 10_000;
                    case "memory" -> 150_000;
                    case "pods" -> PODS_OF_A_NODE;
                    default -> 100;
                };
        Path results = Path.of("benchmarks", "results");
        for (int i = 1; i < arguments.length; i += 2) {
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--seconds" -> turn = Duration.ofMillis((long) (Double.parseDouble(value) * 1000));
                case "--warm-up" -> warmUp = Duration.ofMillis((long) (Double.parseDouble(value) * 1000));
                case "--objects" -> objects = Integer.parseInt(value);
                case "--watchers" -> watchers = Integer.parseInt(value);
                case "--nodes" -> nodes = Integer.parseInt(value);
                case "--background" -> background = Integer.parseInt(value);
                case "--results" -> results = Path.of(value);
                default -> usage();
            }
        }
        System.out.println(
                run(arguments[0], new Options(rounds, turn, warmUp, objects, watchers, nodes, background, results)));
    }

    private static void usage() {
        System.err.println(USAGE);
        System.exit(2);
    }

    /** Runs one of the benchmarks, writes its report and returns the table. */
    static String run(String what, Options options) throws Exception {
        Path work = Files.createTempDirectory("mokube-benchmark");
        try {
            Benchmarks benchmarks = new Benchmarks(work, options);
            // scheduling:SchedulingBasic is one case of it.
            String[] parts = what.split(":", 2);
            List<SchedulingCase> cases = SchedulingCase.ALL.stream()
                    .filter(each -> parts.length == 1 || each.name().equals(parts[1]))
                    .toList();
            return switch (parts[0]) {
                case "get" -> benchmarks.get();
                case "list" -> benchmarks.list();
                case "create" -> benchmarks.create();
                case "watch" -> benchmarks.watch();
                case "latency" -> benchmarks.latency();
                case "memory" -> benchmarks.memory();
                case "idle" -> benchmarks.idle();
                case "junit" -> benchmarks.junit();
                case "rollout" -> benchmarks.rollout();
                case "dns" -> benchmarks.dns();
                case "services" -> benchmarks.services();
                case "scheduling" -> benchmarks.scheduling(cases);
                case "pods" -> benchmarks.pods();
                case "agents" -> benchmarks.agents();
                case "scheduling-etcd" -> benchmarks.schedulingThroughEtcd(cases);
                default -> throw new IllegalArgumentException("no benchmark is called " + what);
            };
        } finally {
            try (Stream<Path> files = Files.walk(work)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private String get() throws Exception {
        Path data = work.resolve("server");
        try (JavaSubject server = server(data, "/api/v1/namespaces/default/pods/pod-0")) {
            SSLContext tls = fill(server, data, options.objects());
            byte[] body = fetch(server, tls);
            Path file = work.resolve("body.json");
            Files.write(file, body);
            try (JavaSubject bare = JavaSubject.start(
                    "a bare servlet, same bytes",
                    BareServletMain.class,
                    List.of(data.toString(), file.toString()),
                    "/anything")) {
                Plan plan = plan(GET_CONNECTIONS);
                return report(
                        "get",
                        body.length + " bytes an answer, " + GET_CONNECTIONS + " HTTP/1.1 connections",
                        List.of(
                                compare("GET one pod, TLS", 0.85, server, bare, tls, plan),
                                compare(
                                        "GET one pod, no TLS",
                                        0.85,
                                        server.withoutTls(),
                                        bare.withoutTls(),
                                        tls,
                                        plan)),
                        List.of());
            }
        }
    }

    private String list() throws Exception {
        Path data = work.resolve("server");
        try (JavaSubject server = server(data, "/api/v1/pods")) {
            SSLContext tls = fill(server, data, options.objects());
            byte[] body = fetch(server, tls);
            try (NginxSubject nginx = NginxSubject.start(work.resolve("nginx"), body, servingFiles(data))) {
                String title = "LIST " + options.objects() + " pods, TLS";
                return report(
                        "list",
                        body.length + " bytes an answer, " + LIST_CONNECTIONS + " HTTP/1.1 connections",
                        List.of(compare(title, 0.5, server, nginx, tls, plan(LIST_CONNECTIONS))),
                        List.of());
            }
        }
    }

    private Comparison compare(String title, double goal, Subject ours, Subject theirs, SSLContext tls, Plan plan)
            throws IOException, InterruptedException {
        try (Load load = load(ours, tls);
                Load otherLoad = load(theirs, tls)) {
            return Comparison.measure(
                    title, Figure.THROUGHPUT, goal, new Side(ours, load), new Side(theirs, otherLoad), plan);
        }
    }

    private byte[] fetch(Subject subject, SSLContext tls) throws IOException {
        try (Load load = load(subject, tls)) {
            return load.fetch();
        }
    }

    /** Creating pods through the API server and etcd, against the transaction that etcd is asked for. */
    private String create() throws Exception {
        try (EtcdSubject etcd = EtcdSubject.start(work.resolve("etcd"))) {
            Path data = work.resolve("server");
            try (JavaSubject server = server(data, PODS, etcd.target().toString())) {
                SSLContext tls = fill(server, data, 0);
                try (CreateLoad creates = new CreateLoad(server.target(), tls, JSON, NamedObjects.pods());
                        RawCreates raw = new RawCreates(etcd.target(), NamedObjects.pods())) {
                    Side ours = new Side(new Together(server, etcd), creates);
                    Side theirs = new Side(etcd, raw);
                    return report(
                            "create",
                            "pods of " + NamedObjects.pods().json("x").length() + " bytes over HTTP/1.1 and TLS",
                            List.of(
                                    Comparison.measure(
                                            "CREATE pods, 256 at once",
                                            Figure.THROUGHPUT,
                                            0.7,
                                            ours,
                                            theirs,
                                            plan(256)),
                                    Comparison.measure(
                                            "CREATE pods, one at a time",
                                            Figure.THROUGHPUT,
                                            0.8,
                                            ours,
                                            theirs,
                                            plan(1))),
                            List.of());
                }
            }
        }
    }

    /** One object's changes to very many watchers, against a loop that writes the same bytes to as many sockets. */
    private String watch() throws Exception {
        Path data = work.resolve("server");
        URI maps = URI.create("/api/v1/namespaces/default/configmaps");
        try (JavaSubject server = server(data, maps.toString()).withoutTls()) {
            SSLContext tls = fill(server, data, 0);
            HttpConnection writer = new HttpConnection(server.server(), tls);
            writer.exchange(
                            HttpConnection.request(
                                    "POST",
                                    server.target(),
                                    withToken(),
                                    NamedObjects.configMaps(1024).json("watched")),
                            false)
                    .expect(201, server.target());
            URI object = URI.create(server.target() + "/watched");
            URI watch = URI.create(server.target() + "?watch=true&resourceVersion=");
            Path event = work.resolve("event.json");
            Files.writeString(event, change(writer, object, 0, watch, tls));
            try (JavaSubject bare = JavaSubject.start(
                            "a loop writing the same bytes",
                            BareFanOutMain.class,
                            List.of(event.toString()),
                            "/watch");
                    FanOut ours = new FanOut(
                            watchers -> new EventCounter(now(writer, object, watch), withToken(), watchers),
                            new Changes(writer, object));
                    FanOut theirs = new FanOut(
                            watchers -> new EventCounter(bare.target(), List.of(), watchers),
                            new Fires(new HttpConnection(bare.server(), tls), bare.server()))) {
                Comparison comparison = Comparison.measure(
                        options.watchers() + " watchers of one object",
                        Figure.THROUGHPUT,
                        0.6,
                        new Side(server, ours),
                        new Side(bare, theirs),
                        plan(options.watchers()));
                String notes =
                        "an operation is one event of " + Files.size(event) + " bytes that reached one watcher; no TLS";
                return report("watch", notes, List.of(comparison), List.of());
            }
        }
    }

    /** Where to watch from now on. */
    private URI now(HttpConnection writer, URI object, URI watch) throws IOException {
        byte[] body = writer.exchange(HttpConnection.head("GET", object, withToken()), true)
                .body();
        String revision =
                Json.MAPPER.readTree(body).at("/metadata/resourceVersion").asString();
        return URI.create(watch + revision);
    }

    /** Changes the object once and returns the event of it, as a watcher reads it. */
    private String change(HttpConnection writer, URI object, int number, URI watch, SSLContext tls) throws IOException {
        URI from = now(writer, object, watch);
        try (HttpConnection watcher = new HttpConnection(from, tls)) {
            watcher.send(HttpConnection.head("GET", from, withToken()));
            writer.exchange(patch(object, number), false).expect(200, object);
            return Objects.requireNonNull(watcher.nextChunk());
        }
    }

    private byte[] patch(URI object, int number) {
        String body = "{\"data\":{\"number\":\"" + (1_000_000 + number) + "\"}}";
        List<String> headers = new ArrayList<>(withToken());
        return new String(HttpConnection.request("PATCH", object, headers, body), StandardCharsets.US_ASCII)
                .replace("Content-Type: application/json", "Content-Type: application/merge-patch+json")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Changes an object again and again. */
    private final class Changes implements FanOut.Trigger {
        private final HttpConnection writer;
        private final URI object;
        private int number;

        Changes(HttpConnection writer, URI object) {
            this.writer = writer;
            this.object = object;
        }

        @Override
        public void fire(int events) throws IOException {
            for (int i = 0; i < events; i++) {
                writer.exchange(patch(object, ++number), false).expect(200, object);
            }
        }

        @Override
        public void close() throws IOException {
            writer.close();
        }
    }

    /** Tells the bare loop to send. */
    private record Fires(HttpConnection control, URI server) implements FanOut.Trigger {

        @Override
        public void fire(int events) throws IOException {
            URI target = URI.create(server + "/fire/" + events);
            control.exchange(HttpConnection.head("GET", target, List.of()), false)
                    .expect(200, target);
        }

        @Override
        public void close() throws IOException {
            control.close();
        }
    }

    /** Addresses of services, against the same sockets and library with one answer for every name. */
    private String dns() throws Exception {
        String services = Integer.toString(options.objects());
        try (JavaSubject ours = JavaSubject.start("name server", DnsMain.class, List.of("zone", services), "");
                JavaSubject theirs = JavaSubject.start("one answer for all", DnsMain.class, List.of("echo"), "");
                DnsLoad load = new DnsLoad(ours.target(), options.objects());
                DnsLoad otherLoad = new DnsLoad(theirs.target(), options.objects())) {
            Comparison throughput = Comparison.measure(
                    "A records of " + services + " services",
                    Figure.THROUGHPUT,
                    0.8,
                    new Side(ours, load),
                    new Side(theirs, otherLoad),
                    plan(DNS_CLIENTS));
            Comparison slowest = new Comparison(
                    "the same, 99th percentile",
                    throughput.ours(),
                    throughput.theirs(),
                    Figure.P99,
                    0.8,
                    throughput.rounds());
            return report(
                    "dns",
                    DNS_CLIENTS + " clients over UDP, each with one query at a time; the second ratio is of the 99th"
                            + " percentiles",
                    List.of(throughput, slowest),
                    List.of());
        }
    }

    /** Rules of services in a kernel, against {@code nft} told the same by hand. */
    private String services() throws Exception {
        return new ServiceRulesScale(options.objects(), options.rounds() * ServiceRulesScale.CHANGES_PER_ROUND)
                .run(options.results());
    }

    /** From the sending of a write to its event at a watcher, over HTTP and in etcd itself. */
    private String latency() throws Exception {
        try (EtcdSubject etcd = EtcdSubject.start(work.resolve("etcd"))) {
            Path data = work.resolve("server");
            String maps = "/api/v1/namespaces/default/configmaps";
            try (JavaSubject server = server(data, maps, etcd.target().toString())) {
                SSLContext tls = fill(server, data, 0);
                try (EventLatency ours = httpLatency(server, tls);
                        EventLatency theirs = etcdLatency(etcd.target())) {
                    Comparison comparison = Comparison.measure(
                            "create over HTTP to watch event",
                            Figure.P99,
                            1 / 1.5,
                            new Side(new Together(server, etcd), ours),
                            new Side(etcd, theirs),
                            plan(1));
                    return report(
                            "latency",
                            "config maps of 1 KB, one at a time; the ratio is of the 99th percentiles",
                            List.of(comparison),
                            List.of());
                }
            }
        }
    }

    private static EventLatency httpLatency(JavaSubject server, SSLContext tls) throws IOException {
        NamedObjects maps = NamedObjects.configMaps(1024);
        BlockingQueue<Long> seen = new LinkedBlockingQueue<>();
        URI watch = URI.create(server.target() + "?watch=true&fieldSelector=metadata.name!%3Dkube-root-ca.crt");
        HttpConnection watcher = new HttpConnection(watch, tls);
        watcher.send(HttpConnection.head("GET", watch, JSON));
        Thread.ofVirtual().start(() -> {
            try {
                while (watcher.nextChunk() != null) {
                    seen.add(System.nanoTime());
                }
            } catch (IOException e) {
                // Closed at the end.
            }
        });
        HttpConnection writer = new HttpConnection(server.target(), tls);
        AtomicLong number = new AtomicLong();
        return new EventLatency(
                () -> writer.exchange(
                                HttpConnection.request(
                                        "POST", server.target(), JSON, maps.json("map-" + number.incrementAndGet())),
                                false)
                        .expect(201, server.target()),
                seen,
                () -> {
                    watcher.close();
                    writer.close();
                });
    }

    private static EventLatency etcdLatency(URI etcd) {
        NamedObjects maps = NamedObjects.configMaps(1024);
        BlockingQueue<Long> seen = new LinkedBlockingQueue<>();
        Client client = Client.builder().endpoints(etcd).build();
        ByteSequence prefix = ByteSequence.from("/raw/", StandardCharsets.UTF_8);
        Watch.Watcher watcher = client.getWatchClient()
                .watch(
                        prefix,
                        WatchOption.builder().isPrefix(true).build(),
                        Watch.listener(response -> response.getEvents().forEach(event -> seen.add(System.nanoTime()))));
        AtomicLong number = new AtomicLong();
        return new EventLatency(
                () -> {
                    String name = "map-" + number.incrementAndGet();
                    client.getKVClient()
                            .put(
                                    ByteSequence.from("/raw/" + name, StandardCharsets.UTF_8),
                                    ByteSequence.from(maps.json(name), StandardCharsets.UTF_8))
                            .get();
                },
                seen,
                () -> {
                    watcher.close();
                    client.close();
                });
    }

    /** What objects cost on the heap, and what readers cost that do not read. */
    private String memory() throws Exception {
        Path data = work.resolve("server");
        try (JavaSubject server = server(data, PODS)) {
            SSLContext tls = fill(server, data, 0);
            long empty = server.heap();
            makePods(server, tls, options.objects());
            long full = server.heap();
            long bytes = listLength(server, tls);
            List<Report.Measure> measures = new ArrayList<>();
            measures.add(new Report.Measure(
                    "heap retained by " + options.objects() + " pods, of their JSON",
                    (double) (full - empty) / bytes,
                    1.3,
                    (full - empty) / MEGA + " MB for " + bytes / MEGA + " MB"));
            List<HttpConnection> readers = new ArrayList<>();
            URI target = URI.create(server.server() + PODS);
            for (int i = 0; i < SLOW_READERS; i++) {
                HttpConnection reader = new HttpConnection(target, tls);
                reader.send(HttpConnection.head("GET", target, JSON));
                readers.add(reader);
            }
            long stalled = server.heap();
            measures.add(new Report.Measure(
                    SLOW_READERS + " readers that stopped reading a list, of the bytes they did not read",
                    (double) Math.max(0, stalled - full) / (bytes * SLOW_READERS),
                    0.02,
                    (stalled - full) / MEGA + " MB for " + bytes * SLOW_READERS / MEGA + " MB"));
            for (HttpConnection reader : readers) {
                reader.close();
            }
            return report("memory", "heap after three full collections", List.of(), measures);
        }
    }

    /** What all components in one process cost while nothing happens. */
    private String idle() throws Exception {
        List<Report.Measure> measures = new IdleCluster(work.resolve("cluster"))
                .measure(options.warmUp(), options.turn().multipliedBy(options.rounds()));
        String notes = "all components in one process with one hollow node, on the embedded store, "
                + options.warmUp().toSeconds() + " s after it was ready";
        return report("idle", notes, List.of(), measures);
    }

    /** How long tests wait for a control plane in their own JVM. */
    private String junit() throws Exception {
        return report(
                "junit",
                "API server, scheduler and controllers in the JVM of the tests, state in memory, " + CLUSTERS_OF_A_JVM
                        + " one after another in each of " + options.rounds()
                        + " JVMs without a cache; the later half of them counts as later. Load average at the end: "
                        + loadAverage(),
                List.of(),
                new EmbeddedStarts(work.resolve("clusters")).measure(options.rounds(), CLUSTERS_OF_A_JVM));
    }

    /** How a Deployment's cost grows, at a hundredth, a tenth and all of its size, on hollow nodes. */
    private String rollout() throws Exception {
        Path data = work.resolve("server");
        try (JavaSubject server = server(data, PODS);
                JavaSubject manager = component("controller manager", ComponentMain.class, data, "controller-manager");
                JavaSubject scheduler = component("scheduler", ComponentMain.class, data, "scheduler");
                JavaSubject fleet =
                        component("hollow nodes", HollowFleetMain.class, data, Integer.toString(options.nodes()));
                ApiClient client =
                        new ApiClient(ClientConfig.fromKubeconfig(data.resolve("admin.conf")), Platform.system())) {
            List<Integer> sizes = Stream.of(options.objects() / 100, options.objects() / 10, options.objects())
                    .filter(size -> size > 0)
                    .toList();
            RolloutScale scale = new RolloutScale(client, List.of(server, manager, scheduler, fleet));
            List<RolloutScale.Step> steps = scale.measure(options.background(), sizes);
            String notes = options.nodes()
                    + " hollow nodes, whose leases are renewed every 10 s; each component a process of its own, the API"
                    + " server's state in memory, TLS and RBAC on. Sizes follow each other in the same processes, so the"
                    + " smallest also pays for what is compiled. Load average at the end: " + loadAverage() + ".";
            return ScaleReport.write(
                    options.results(), "rollout", notes, steps, Clock.system().instant());
        }
    }

    /** The cases of Kubernetes' own scheduler benchmark, decisions alone, at a tenth of the nodes, all and three times as many. */
    private String scheduling(List<SchedulingCase> replayed) throws IOException {
        List<Integer> sizes = List.of(options.nodes() / 10, options.nodes(), options.nodes() * 3);
        List<SchedulingReport.Measured> cases = new ArrayList<>();
        for (SchedulingCase scheduled : replayed) {
            SortedMap<Integer, List<SchedulingReplay.Round>> bySize = new TreeMap<>();
            for (int nodes : sizes) {
                SchedulingReplay.run(scheduled, nodes);
                List<SchedulingReplay.Round> rounds = new ArrayList<>();
                for (int i = 0; i < options.rounds(); i++) {
                    rounds.add(SchedulingReplay.run(scheduled, nodes));
                }
                bySize.put(nodes, rounds);
                System.out.printf(
                        "  %s, %d nodes: %s pods/s, %s CPU µs/pod%n",
                        scheduled.name(),
                        nodes,
                        rounds.stream()
                                .map(round -> Math.round(round.perSecond()))
                                .toList(),
                        rounds.stream()
                                .map(round -> Math.round(round.cpuMicrosPerPod()))
                                .toList());
            }
            cases.add(new SchedulingReport.Measured(scheduled, bySize));
        }
        String notes =
                "Decisions alone: queue, snapshot, decision and assumption, one thread; no API server or watches. A"
                        + " first round of each is not counted, " + options.rounds() + " are. Load average at the end: "
                        + loadAverage() + ".";
        return SchedulingReport.write(
                options.results(),
                "scheduling",
                notes,
                10,
                options.nodes(),
                cases,
                Clock.system().instant());
    }

    /** Cases through API server and etcd, each in a cluster of its own. */
    private String schedulingThroughEtcd(List<SchedulingCase> measuredCases) throws Exception {
        List<RolloutScale.Step> steps = new ArrayList<>();
        StringBuilder verdicts = new StringBuilder();
        for (SchedulingCase scheduled : measuredCases) {
            List<RolloutScale.Step> measured = throughEtcd(scheduled);
            steps.addAll(measured);
            verdicts.append(verdict(scheduled, measured));
        }
        String notes = options.nodes()
                + " nodes (4 cpu, 32Gi) without kubelets; API server, etcd and scheduler are processes of their own, TLS and"
                + " RBAC on. Pods are created over 16 HTTP/1.1 connections while the scheduler works; a round lasts from the"
                + " first creation to the last binding, and ends with the deletion of its pods, which is not counted. A first"
                + " round is not counted.\n" + verdicts + "\nLoad average at the end: " + loadAverage() + ".";
        return ScaleReport.write(
                options.results(),
                "scheduling-etcd",
                notes,
                steps,
                Clock.system().instant());
    }

    private static String verdict(SchedulingCase scheduled, List<RolloutScale.Step> rounds) {
        double[] rates = rounds.stream()
                .mapToDouble(round -> round.replicas() * 1e9 / round.time().toNanos())
                .sorted()
                .toArray();
        double median = Comparison.median(rates);
        if (scheduled.threshold() == 0) {
            return String.format(
                    Locale.ROOT,
                    "%n- %s: %.0f pods/s (%.0f to %.0f); Kubernetes states no threshold.",
                    scheduled.name(),
                    median,
                    rates[0],
                    rates[rates.length - 1]);
        }
        return String.format(
                Locale.ROOT,
                "%n- %s: %.0f pods/s (%.0f to %.0f), %.2f of Kubernetes' threshold of %d; goal ≥ %.1f.",
                scheduled.name(),
                median,
                rates[0],
                rates[rates.length - 1],
                median / scheduled.threshold(),
                scheduled.threshold(),
                END_TO_END_GOAL);
    }

    private List<RolloutScale.Step> throughEtcd(SchedulingCase scheduled) throws Exception {
        Path data = work.resolve(scheduled.name());
        try (EtcdSubject etcd = EtcdSubject.start(data.resolve("etcd"));
                JavaSubject server = server(data, PODS, etcd.target().toString())) {
            SSLContext tls = fill(server, data, 0);
            ApiClient client =
                    new ApiClient(ClientConfig.fromKubeconfig(data.resolve("admin.conf")), Platform.system());
            try (JavaSubject scheduler = component("scheduler", ComponentMain.class, data, "scheduler");
                    SchedulingEndToEnd run = new SchedulingEndToEnd(
                            scheduled,
                            options.nodes(),
                            server.server(),
                            tls,
                            client,
                            new TreeMap<>(Map.of("API server", server, "etcd", etcd, "scheduler", scheduler)))) {
                run.fill();
                run.measure(0);
                List<RolloutScale.Step> measured = new ArrayList<>();
                for (int round = 1; round <= options.rounds(); round++) {
                    measured.add(run.measure(round));
                }
                return measured;
            }
        }
    }

    /** Pods that start on a node, against the bare calls to its containerd, and what a full node's agent costs. */
    private String pods() throws Exception {
        Path data = work.resolve("server");
        try (JavaSubject server = server(data, PODS)) {
            fill(server, data, 0);
            Path kubeconfig = data.resolve("admin.conf");
            List<Report.Measure> measures = new ArrayList<>();
            try (ApiClient client = new ApiClient(ClientConfig.fromKubeconfig(kubeconfig), Platform.system());
                    PodStarts starts = new PodStarts(work.resolve("node"), server.server(), kubeconfig, client)) {
                for (int size : List.of(1, 20, PODS_OF_A_NODE)) {
                    if (size <= options.objects()) {
                        measures.add(starts.compare(size, options.rounds()));
                    }
                }
                measures.addAll(starts.idle(options.objects(), options.turn().multipliedBy(5)));
            }
            return report(
                    "pods",
                    "containerd on this machine, image there, pods of one container without volumes; API server, agent"
                            + " (options of its image) and containerd are processes of their own. A first round of each size is not"
                            + " counted. Load average at the end: " + loadAverage(),
                    List.of(),
                    measures);
        }
    }

    /** The memory of very many whole agents in one process. */
    private String agents() throws Exception {
        Path data = work.resolve("server");
        try (JavaSubject server = server(data, PODS)) {
            fill(server, data, 0);
            Duration idle = options.turn().multipliedBy(5);
            try (JavaSubject agents = JavaSubject.start(
                    "agents",
                    "512m",
                    HollowAgentsMain.class,
                    List.of(
                            data.resolve("admin.conf").toString(),
                            Integer.toString(options.nodes()),
                            work.resolve("agents").toString()),
                    "/")) {
                Clock.system().sleep(options.warmUp());
                Duration before = agents.cpu();
                Clock.system().sleep(idle);
                double core = agents.cpu().minus(before).toNanos() / (double) idle.toNanos();
                long resident = agents.resident();
                return report(
                        "agents",
                        "whole agents without containers and without pods, all in one process (-Xmx512m)",
                        List.of(),
                        List.of(new Report.Measure(
                                options.nodes() + " hollow agents in one process, resident memory of 1 GiB",
                                resident / (double) GIBI,
                                1,
                                String.format(
                                        Locale.ROOT,
                                        "%.0f MB resident, heap %.0f MB after a collection, %.0f %% of a core",
                                        resident / (double) MEGA,
                                        agents.heap() / (double) MEGA,
                                        core * 100))));
            }
        }
    }

    private static String loadAverage() throws IOException {
        Path file = Path.of("/proc/loadavg");
        return Files.isReadable(file)
                ? String.join(", ", List.of(Files.readString(file).split(" ")).subList(0, 3))
                : "unknown";
    }

    private static JavaSubject component(String name, Class<?> main, Path data, String... more) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of(data.resolve("admin.conf").toString()));
        arguments.addAll(List.of(more));
        return JavaSubject.start(name, main, arguments, "/");
    }

    private long listLength(JavaSubject server, SSLContext tls) throws IOException {
        URI target = URI.create(server.server() + PODS);
        try (HttpConnection connection = new HttpConnection(target, tls)) {
            HttpConnection.Answer answer = connection.exchange(HttpConnection.head("GET", target, JSON), false);
            answer.expect(200, target);
            return answer.length();
        }
    }

    private Plan plan(int workers) {
        return new Plan(workers, options.turn(), options.warmUp(), options.rounds());
    }

    private String report(String name, String notes, List<Comparison> comparisons, List<Report.Measure> measures)
            throws IOException {
        String all = notes
                + (comparisons.isEmpty()
                        ? ""
                        : "; " + options.rounds() + " rounds of "
                                + options.turn().toMillis() / 1000.0 + " s each")
                + ". Load and servers share the machine; a CPU figure is"
                + " that of the servers.";
        return Report.write(
                options.results(),
                name,
                all,
                comparisons,
                measures,
                Clock.system().instant());
    }

    private JavaSubject server(Path data, String path, String... etcd) throws IOException {
        Files.createDirectories(data);
        Path tokens = data.resolve("tokens.csv");
        Files.writeString(tokens, token + ",benchmark,benchmark,system:masters\n");
        List<String> arguments = new ArrayList<>(List.of(data.toString(), tokens.toString()));
        arguments.addAll(List.of(etcd));
        return JavaSubject.start("API server", ApiServerMain.class, arguments, path);
    }

    /** Over TLS the client's certificate says who asks; without it a token must. */
    private Load load(Subject subject, SSLContext tls) {
        return new Load(subject.target(), tls, subject.target().getScheme().equals("https") ? JSON : withToken());
    }

    private List<String> withToken() {
        return List.of("Accept: application/json", "Authorization: Bearer " + token);
    }

    /** Creates the objects, through the API as anybody would; returns the admin's way in. */
    private SSLContext fill(JavaSubject server, Path data, int count) throws Exception {
        ClientConfig admin = ClientConfig.fromKubeconfig(data.resolve("admin.conf"));
        SSLContext tls = tls(admin);
        try (ApiClient client = new ApiClient(admin, Platform.system())) {
            // Pods need one, and no controller manager runs here that would make it.
            client.resource(ServiceAccount.class)
                    .create(new ServiceAccountBuilder()
                            .withNewMetadata()
                            .withNamespace("default")
                            .withName("default")
                            .endMetadata()
                            .build());
        }
        makePods(server, tls, count);
        return tls;
    }

    private static void makePods(JavaSubject server, SSLContext tls, int count) throws Exception {
        NamedObjects pods = NamedObjects.pods();
        URI target = URI.create(server.server() + PODS);
        AtomicInteger next = new AtomicInteger();
        List<Callable<Void>> makers = new ArrayList<>();
        for (int i = 0; i < FILLING_CONNECTIONS; i++) {
            makers.add(() -> {
                try (HttpConnection connection = new HttpConnection(target, tls)) {
                    for (int number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
                        byte[] request = HttpConnection.request("POST", target, JSON, pods.json("pod-" + number));
                        connection.exchange(request, false).expect(201, target);
                    }
                }
                return null;
            });
        }
        try (ExecutorService executor = Executors.newFixedThreadPool(FILLING_CONNECTIONS)) {
            for (Future<Void> maker : executor.invokeAll(makers)) {
                maker.get();
            }
        }
    }

    private static TlsFiles servingFiles(Path data) throws IOException {
        var serving = ClusterCertificates.ensure(data, List.of("127.0.0.1"), Clock.system())
                .serving();
        TlsFiles files = new TlsFiles(data.resolve("nginx.crt"), data.resolve("nginx.key"));
        Files.writeString(files.chain(), serving.certificatePem());
        Files.writeString(files.key(), serving.keyPem());
        return files;
    }

    private static SSLContext tls(ClientConfig config) throws GeneralSecurityException, IOException {
        char[] password = "in-memory".toCharArray();
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry(
                "admin", Pem.readPrivateKey(Objects.requireNonNull(config.keyPem())), password, new Certificate[] {
                    Pem.readCertificate(Objects.requireNonNull(config.certificatePem()))
                });
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, password);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("cluster", Pem.readCertificate(Objects.requireNonNull(config.caPem())));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
