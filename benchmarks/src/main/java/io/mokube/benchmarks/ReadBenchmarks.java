package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.apiserver.pki.Pem;
import io.mokube.benchmarks.Comparison.Plan;
import io.mokube.benchmarks.Comparison.Side;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Reading from the API server: one object against a bare servlet on the same Tomcat that writes the same bytes, with
 * and without TLS, and a list against nginx that sends the same file over TLS.
 */
public final class ReadBenchmarks {

    private static final Duration WARM_UP = Duration.ofSeconds(8);
    private static final int GET_CONNECTIONS = 16;
    private static final int LIST_CONNECTIONS = 2;

    private final String token = UUID.randomUUID().toString();
    private final Path work;
    private final Options options;

    /**
     * What to run.
     *
     * @param objects how many pods the server holds
     */
    record Options(int rounds, Duration turn, Duration warmUp, int objects, Path results) {}

    private ReadBenchmarks(Path work, Options options) {
        this.work = work;
        this.options = options;
    }

    /** {@code get|list [--rounds N] [--seconds N] [--warm-up N] [--objects N] [--results FOLDER]}. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0 || arguments.length % 2 == 0) {
            usage();
        }
        int rounds = 5;
        Duration turn = Duration.ofSeconds(4);
        Duration warmUp = WARM_UP;
        int objects = arguments[0].equals("list") ? 10_000 : 100;
        Path results = Path.of("benchmarks", "results");
        for (int i = 1; i < arguments.length; i += 2) {
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--seconds" -> turn = Duration.ofMillis((long) (Double.parseDouble(value) * 1000));
                case "--warm-up" -> warmUp = Duration.ofMillis((long) (Double.parseDouble(value) * 1000));
                case "--objects" -> objects = Integer.parseInt(value);
                case "--results" -> results = Path.of(value);
                default -> usage();
            }
        }
        System.out.println(run(arguments[0], new Options(rounds, turn, warmUp, objects, results)));
    }

    private static void usage() {
        System.err.println(
                "usage: benchmarks/run get|list [--rounds N] [--seconds N] [--warm-up N] [--objects N] [--results FOLDER]");
        System.exit(2);
    }

    /** Runs one of the benchmarks, writes its report and returns the table. */
    static String run(String what, Options options) throws Exception {
        Path work = Files.createTempDirectory("mokube-benchmark");
        try {
            ReadBenchmarks benchmarks = new ReadBenchmarks(work, options);
            return switch (what) {
                case "get" -> benchmarks.get();
                case "list" -> benchmarks.list();
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
            SSLContext tls = fill(data);
            byte[] body = fetch(server, tls);
            Path file = work.resolve("body.json");
            Files.write(file, body);
            try (JavaSubject bare = JavaSubject.start(
                    "a bare servlet, same bytes",
                    BareServletMain.class,
                    List.of(data.toString(), file.toString()),
                    "/anything")) {
                Plan plan = new Plan(GET_CONNECTIONS, options.turn(), options.warmUp(), options.rounds());
                return report(
                        "get",
                        body.length,
                        GET_CONNECTIONS,
                        List.of(
                                compare("GET one pod, TLS", 0.85, server, bare, tls, plan),
                                compare(
                                        "GET one pod, no TLS",
                                        0.85,
                                        server.withoutTls(),
                                        bare.withoutTls(),
                                        tls,
                                        plan)));
            }
        }
    }

    private String list() throws Exception {
        Path data = work.resolve("server");
        try (JavaSubject server = server(data, "/api/v1/pods")) {
            SSLContext tls = fill(data);
            byte[] body = fetch(server, tls);
            try (NginxSubject nginx = NginxSubject.start(work.resolve("nginx"), body, servingFiles(data))) {
                Plan plan = new Plan(LIST_CONNECTIONS, options.turn(), options.warmUp(), options.rounds());
                String title = "LIST " + options.objects() + " pods, TLS";
                return report(
                        "list", body.length, LIST_CONNECTIONS, List.of(compare(title, 0.5, server, nginx, tls, plan)));
            }
        }
    }

    private Comparison compare(String title, double goal, Subject ours, Subject theirs, SSLContext tls, Plan plan)
            throws IOException, InterruptedException {
        try (Load load = load(ours, tls);
                Load otherLoad = load(theirs, tls)) {
            return Comparison.measure(title, goal, new Side(ours, load), new Side(theirs, otherLoad), plan);
        }
    }

    private byte[] fetch(Subject subject, SSLContext tls) throws IOException {
        try (Load load = load(subject, tls)) {
            return load.fetch();
        }
    }

    private String report(String name, int bytes, int connections, List<Comparison> comparisons) throws IOException {
        String notes = bytes + " bytes an answer, " + connections + " HTTP/1.1 connections, " + options.rounds()
                + " rounds of " + options.turn().toMillis() / 1000.0
                + " s each; load and servers share the machine. A CPU figure is the server's own.";
        return Report.write(
                options.results(), name, notes, comparisons, Clock.system().instant());
    }

    private JavaSubject server(Path data, String path) throws IOException {
        Files.createDirectories(data);
        Path tokens = data.resolve("tokens.csv");
        Files.writeString(tokens, token + ",benchmark,benchmark,system:masters\n");
        return JavaSubject.start("API server", ApiServerMain.class, List.of(data.toString(), tokens.toString()), path);
    }

    /** Over TLS the client's certificate says who asks; without it a token must. */
    private Load load(Subject subject, SSLContext tls) {
        return new Load(
                subject.target(),
                tls,
                subject.target().getScheme().equals("https")
                        ? List.of("Accept: application/json")
                        : List.of("Accept: application/json", "Authorization: Bearer " + token));
    }

    /** Creates the objects, through the API as anybody would; returns the admin's way in. */
    private SSLContext fill(Path data) throws Exception {
        ClientConfig admin = ClientConfig.fromKubeconfig(data.resolve("admin.conf"));
        try (ApiClient client = new ApiClient(admin, Platform.system());
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            // Pods need one, and no controller manager runs here that would make it.
            client.resource(ServiceAccount.class)
                    .create(new ServiceAccountBuilder()
                            .withNewMetadata()
                            .withNamespace("default")
                            .withName("default")
                            .endMetadata()
                            .build());
            ResourceClient<Pod> pods = client.resource(Pod.class);
            Semaphore atOnce = new Semaphore(32);
            List<Throwable> failures = new ArrayList<>();
            for (int i = 0; i < options.objects(); i++) {
                Pod pod = pod(i);
                atOnce.acquire();
                executor.execute(() -> {
                    try {
                        pods.create(pod);
                    } catch (RuntimeException e) {
                        synchronized (failures) {
                            failures.add(e);
                        }
                    } finally {
                        atOnce.release();
                    }
                });
            }
            atOnce.acquire(32);
            synchronized (failures) {
                if (!failures.isEmpty()) {
                    throw new IOException("a pod was not created", failures.getFirst());
                }
            }
        }
        return tls(admin);
    }

    /** A pod of some 3 KB, as clusters are full of. */
    private static Pod pod(int number) {
        ContainerBuilder container = new ContainerBuilder()
                .withName("main")
                .withImage("registry.example.com/shop/checkout:2026.11.1")
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("100m"), "memory", new Quantity("500Mi")))
                .withLimits(Map.of("memory", new Quantity("500Mi")))
                .endResources()
                .addNewPort()
                .withName("http")
                .withContainerPort(8080)
                .endPort();
        for (int i = 0; i < 20; i++) {
            container.addToEnv(new EnvVarBuilder()
                    .withName("CHECKOUT_SETTING_" + i)
                    .withValue("value-of-setting-" + i + "-for-pod-" + number)
                    .build());
        }
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("pod-" + number)
                .withLabels(Map.of("app", "checkout", "team", "shop", "pod-template-hash", "5d8f7c9b4"))
                .withAnnotations(Map.of("example.com/checksum", "sha256:" + "0123456789abcdef".repeat(4)))
                .endMetadata()
                .withNewSpec()
                .withContainers(container.build())
                .endSpec()
                .build();
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
