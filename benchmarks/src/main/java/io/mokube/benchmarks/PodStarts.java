package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.benchmarks.Report.Measure;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.Sandbox;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher.ContainerdConfig;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/**
 * Pods that start on one node, whose image is there: created through the API and seen running in a watch, against the
 * calls that containerd is asked for, made by a bare client. And what an agent costs that has a node full of pods.
 */
final class PodStarts implements AutoCloseable {

    private static final String NODE = "bench";
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final List<String> COMMAND = List.of("sleep", "100000");
    private static final double MEGA = 1e6;
    private static final double MOST_RESIDENT_MEGA = 120;
    private static final double MOST_CORE = 0.05;

    private final Path work;
    private final ApiClient client;
    private final Clock clock = Clock.system();
    private final ContainerdLauncher containerd;
    private final CriRuntime runtime;
    private final AgentSubject agent;
    private final Informer<Pod> pods;
    private int made;

    PodStarts(Path work, URI server, Path kubeconfig, ApiClient client) throws IOException {
        this.work = Files.createDirectories(work);
        this.client = client;
        long process = ProcessHandle.current().pid();
        ContainerdConfig config = new ContainerdConfig(
                NODE,
                work.resolve("root"),
                work.resolve("state"),
                "mkb" + process % 1_000_000,
                List.of("10.199." + process % 250 + ".0/24"));
        containerd = new ContainerdLauncher(config, clock);
        containerd.start();
        Path archive = work.resolve("demo.tar");
        DemoImage.write(archive);
        containerd.importImage(archive);
        runtime = new CriRuntime(config.socket());
        agent = AgentSubject.start(
                server,
                work.resolve("agent.log"),
                List.of(
                        "kubeconfig=" + kubeconfig,
                        "node-name=" + NODE,
                        "port=0",
                        "root=" + work.resolve("agent"),
                        "pod-cidr=" + config.podCidrs().getFirst(),
                        "cri-socket=" + config.socket()));
        pods = new Informer<>(client.resource(Pod.class), Selection.ALL, client.platform());
        pods.start();
        await("the node is ready", this::nodeIsReady);
    }

    private boolean nodeIsReady() {
        return client.resource(Node.class)
                .get("", NODE)
                .map(node -> node.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True")))
                .orElse(false);
    }

    private void await(String what, BooleanSupplier condition) {
        long begun = clock.nanoTime();
        while (!condition.getAsBoolean()) {
            if (clock.nanoTime() - begun > PATIENCE.toNanos()) {
                throw new IllegalStateException("not within " + PATIENCE + ": " + what);
            }
            try {
                clock.sleep(Duration.ofMillis(2));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Starts as many pods in turns, by the agent and barely; the ratio is of the medians. */
    Measure compare(int size, int rounds) throws InterruptedException, ExecutionException {
        double[] ours = new double[rounds];
        double[] bare = new double[rounds];
        double[] cpu = new double[rounds];
        byAgent(size);
        barely(size);
        for (int i = 0; i < rounds; i++) {
            Duration before = agent.cpu();
            ours[i] = byAgent(size);
            cpu[i] = agent.cpu().minus(before).toNanos() / 1e6 / size;
            bare[i] = barely(size);
            System.out.printf(
                    "  %d pods, round %d: %.2f s against %.2f s, %.1f ms CPU of the agent a pod%n",
                    size, i + 1, ours[i], bare[i], cpu[i]);
        }
        double[] ratios = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            ratios[i] = ours[i] / bare[i];
        }
        return new Measure(
                size + " pods at once, from create to Running in a watch",
                Comparison.median(ratios),
                1.3,
                String.format(
                        Locale.ROOT,
                        "%.2f s against %.2f s of a bare CRI client; %d rounds, %.2f to %.2f; %.1f ms CPU of the agent a"
                                + " pod, start and end",
                        Comparison.median(ours),
                        Comparison.median(bare),
                        rounds,
                        java.util.Arrays.stream(ratios).min().orElseThrow(),
                        java.util.Arrays.stream(ratios).max().orElseThrow(),
                        Comparison.median(cpu)));
    }

    private double byAgent(int size) throws InterruptedException, ExecutionException {
        long begun = clock.nanoTime();
        create(size);
        double seconds = (clock.nanoTime() - begun) / 1e9;
        deleteAll();
        return seconds;
    }

    /** Creates pods and returns when all were seen running. */
    private void create(int size) throws InterruptedException, ExecutionException {
        List<Callable<Void>> creations = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            Pod pod = pod("pod-" + made++);
            creations.add(() -> {
                client.resource(Pod.class).create(pod);
                return null;
            });
        }
        all(creations);
        await("all pods run", () -> running() == size);
    }

    private long running() {
        return pods.store().list().stream()
                .filter(pod -> pod.getStatus().getPhase().equals("Running"))
                .count();
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNodeName(NODE)
                .withAutomountServiceAccountToken(false)
                .withTerminationGracePeriodSeconds(1L)
                .addNewContainer()
                .withName("main")
                .withImage(DemoImage.NAME)
                .withCommand(COMMAND)
                .endContainer()
                .endSpec()
                .build();
    }

    private void deleteAll() throws InterruptedException, ExecutionException {
        List<Callable<Void>> deletions = new ArrayList<>();
        for (Pod pod : pods.store().list()) {
            deletions.add(() -> {
                client.resource(Pod.class).delete(ObjectKeys.of(pod), DeleteOptions.DEFAULT);
                return null;
            });
        }
        all(deletions);
        await("all pods are gone", () -> pods.store().list().isEmpty());
        await("all sandboxes are gone", () -> runtime.listSandboxes(Map.of()).isEmpty());
    }

    private double barely(int size) throws InterruptedException, ExecutionException {
        List<Callable<Void>> starts = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            String name = "bare-" + made++;
            starts.add(() -> {
                SandboxConfig sandbox = sandbox(name);
                String id = runtime.runSandbox(sandbox);
                runtime.imageStatus(DemoImage.NAME);
                runtime.startContainer(runtime.createContainer(id, container(), sandbox));
                return null;
            });
        }
        long begun = clock.nanoTime();
        all(starts);
        double seconds = (clock.nanoTime() - begun) / 1e9;
        List<Callable<Void>> ends = new ArrayList<>();
        for (Sandbox sandbox : runtime.listSandboxes(Map.of())) {
            ends.add(() -> {
                runtime.stopSandbox(sandbox.id());
                runtime.removeSandbox(sandbox.id());
                return null;
            });
        }
        all(ends);
        return seconds;
    }

    private SandboxConfig sandbox(String name) {
        return new SandboxConfig(
                name,
                name,
                "default",
                0,
                name,
                work.resolve("logs").resolve(name).toString(),
                SandboxConfig.Dns.HOST,
                List.of(),
                Map.of(),
                Map.of(),
                "",
                SandboxConfig.Namespaces.OWN,
                Map.of(),
                false);
    }

    private static ContainerConfig container() {
        return new ContainerConfig(
                "main",
                0,
                DemoImage.NAME,
                COMMAND,
                List.of(),
                "",
                Map.of(),
                List.of(),
                Map.of(),
                Map.of(),
                "main.log",
                false,
                false,
                false,
                new ContainerConfig.Resources(0, 0, 2, 0, 1000),
                ContainerConfig.Security.DEFAULT,
                SandboxConfig.Namespaces.OWN);
    }

    private static void all(List<Callable<Void>> calls) throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> call : threads.invokeAll(calls)) {
                call.get();
            }
        }
    }

    /** What the agent costs while a node full of pods runs on and nothing happens. */
    List<Measure> idle(int size, Duration time) throws InterruptedException, ExecutionException {
        create(size);
        clock.sleep(Duration.ofSeconds(10));
        Duration before = agent.cpu();
        clock.sleep(time);
        double core = agent.cpu().minus(before).toNanos() / (double) time.toNanos();
        double mega = agent.resident() / MEGA;
        deleteAll();
        return List.of(
                new Measure(
                        "resident memory of the agent with " + size + " pods, of 120 MB",
                        mega / MOST_RESIDENT_MEGA,
                        1,
                        String.format(Locale.ROOT, "%.0f MB", mega)),
                new Measure(
                        "CPU of the agent with " + size + " pods, of 5 % of a core",
                        core / MOST_CORE,
                        1,
                        String.format(Locale.ROOT, "%.1f %% of a core over %d s", core * 100, time.toSeconds())));
    }

    @Override
    public void close() {
        pods.close();
        agent.close();
        runtime.close();
        containerd.stopWithContainers();
    }
}
