package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.Sandbox;
import io.mokube.kubelet.runtime.TestContainerd;
import io.mokube.kubelet.runtime.TestDocker;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.kubelet.sync.CgroupFolders;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Agent, runtime and shims of a node are killed at random while pods come and go. What must hold is looked for where no
 * fault can hide it: in the processes of the machine, its network, mounts and control groups, and in the runtime itself.
 * {@code -Dmokube.kills=200} makes the campaigns longer, {@code -Dmokube.seed=7} others.
 */
class KilledNodeTest {

    private static final String NODE = "killed";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int MOST_PODS = 8;

    @TempDir
    private @Nullable Path folder;

    @Test
    void withContainerd() {
        ContainerdLauncher.missing().ifPresent(missing -> Needs.part(missing, false));
        try (Engine engine = new Containerd()) {
            new Campaign(engine, Objects.requireNonNull(folder)).run();
        }
    }

    @Test
    void withDocker() {
        try (Engine engine = new Docker()) {
            new Campaign(engine, Objects.requireNonNull(folder)).run();
        }
    }

    /** A container runtime that can be killed. */
    private interface Engine extends AutoCloseable {
        ContainerRuntime connect();

        KubeletProcess agent(TestCluster cluster, Path folder, String cgroups);

        void kill();

        /** Starts it again. Returns whether its containers outlived that. */
        boolean startAgain(Random random);

        /** What its shims have in their command lines. */
        String shimMark();

        Path folder();

        String bridge();

        /** The name of the control group of a pod that is asked for; empty when there is none to look for. */
        String cgroups();

        @Override
        void close();
    }

    private static final class Containerd implements Engine {
        private final TestContainerd containerd = TestContainerd.start();
        private final String cgroups =
                "/mokube-killed-" + ProcessHandle.current().pid();

        @Override
        public ContainerRuntime connect() {
            return containerd.connect();
        }

        @Override
        public KubeletProcess agent(TestCluster cluster, Path folder, String group) {
            return new KubeletProcess(
                    NODE,
                    cluster.node(NODE),
                    folder,
                    group,
                    containerd.config().podCidrs().getFirst(),
                    "cri",
                    containerd.config().socket().toString());
        }

        @Override
        public void kill() {
            containerd.launcher().kill();
        }

        @Override
        public boolean startAgain(Random random) {
            containerd.launcher().start();
            return true;
        }

        @Override
        public String shimMark() {
            return containerd.config().socket().toString();
        }

        @Override
        public Path folder() {
            return containerd.folder();
        }

        @Override
        public String bridge() {
            return containerd.config().bridge();
        }

        @Override
        public String cgroups() {
            return cgroups;
        }

        @Override
        public void close() {
            containerd.close();
            new CgroupFolders(cgroups).removeAll();
        }
    }

    private static final class Docker implements Engine {
        private final TestDocker docker = TestDocker.start();

        @Override
        public ContainerRuntime connect() {
            return docker.connect();
        }

        @Override
        public KubeletProcess agent(TestCluster cluster, Path folder, String group) {
            return new KubeletProcess(
                    NODE,
                    cluster.node(NODE),
                    folder,
                    group,
                    docker.config().podCidr(),
                    "docker",
                    docker.config().socket().toString(),
                    docker.config().network(),
                    docker.config().subnet());
        }

        @Override
        public void kill() {
            docker.daemon().kill();
        }

        @Override
        public boolean startAgain(Random random) {
            boolean live = random.nextBoolean();
            docker.daemon().startAgain(live ? new String[] {"--live-restore"} : new String[0]);
            return live;
        }

        @Override
        public String shimMark() {
            return folder().resolve("exec").toString();
        }

        @Override
        public Path folder() {
            return Objects.requireNonNull(docker.daemon().socket().getParent());
        }

        @Override
        public String bridge() {
            return docker.config().network();
        }

        @Override
        public String cgroups() {
            return "";
        }

        @Override
        public void close() {
            docker.close();
        }
    }

    /** A process, which is another one when its number is used again. */
    private record Life(long pid, String startedAt) {}

    private static final class Campaign {
        private final Engine engine;
        private final Path files;
        private final Random random = new Random(Long.getLong("mokube.seed", 20260101));
        private final int faults = Integer.getInteger("mokube.kills", 4);
        private final TestCluster cluster;
        private KubeletProcess agent;
        private int made;

        /** Of each pod, by UID, how often something was done to it that may cost its container. */
        private final Map<String, Integer> struck = new HashMap<>();

        /** Of each pod, by UID, every process that its container ever was. */
        private final Map<String, Set<Life>> lives = new HashMap<>();

        Campaign(Engine engine, Path folder) {
            this.engine = engine;
            this.files = folder.resolve("agent");
            this.cluster = TestCluster.start(folder.resolve("cluster"));
            this.agent = engine.agent(cluster, files, engine.cgroups());
        }

        void run() {
            try {
                for (int i = 0; i < 4; i++) {
                    create();
                }
                settle();
                for (int i = 1; i <= faults; i++) {
                    churn();
                    look();
                    strike(i);
                    look();
                    if (i % 5 == 0) {
                        settle();
                    }
                }
                pods().forEach(this::delete);
                settle();
                nothingIsLeft();
            } finally {
                agent.close();
                cluster.close();
            }
        }

        // -- what is done ------------------------------------------------------------------------------------------

        private void create() {
            cluster.pods()
                    .create(TestCluster.pod("pod-" + made++, NODE, DemoImage.NAME, "sleep", "100000")
                            .editSpec()
                            .withTerminationGracePeriodSeconds(1L)
                            .editFirstContainer()
                            .addNewEnv()
                            .withName(Machine.WITNESS)
                            .withNewValueFrom()
                            .withNewFieldRef()
                            .withFieldPath("metadata.uid")
                            .endFieldRef()
                            .endValueFrom()
                            .endEnv()
                            .addNewVolumeMount()
                            .withName("memory")
                            .withMountPath("/memory")
                            .endVolumeMount()
                            .endContainer()
                            .addNewVolume()
                            .withName("memory")
                            .withNewEmptyDir()
                            .withMedium("Memory")
                            .endEmptyDir()
                            .endVolume()
                            .endSpec()
                            .build());
        }

        private void delete(Pod pod) {
            cluster.pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT);
        }

        /** Some pods go, and some come: nothing waits for them. */
        private void churn() {
            for (Pod pod : pods()) {
                if (pod.getMetadata().getDeletionTimestamp() == null && random.nextInt(4) == 0) {
                    delete(pod);
                }
            }
            for (int i = random.nextInt(4); i > 0 && pods().size() < MOST_PODS; i--) {
                create();
            }
            pause(4000);
        }

        /** So that faults meet what was ordered at every stage. */
        private void pause(int mostMillis) {
            try {
                Thread.sleep(random.nextInt(mostMillis));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private void strike(int number) {
            String what;
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    what = "agent";
                    agent.kill();
                    pause(800);
                    agent.startAgain();
                }
                case 3, 4 -> {
                    what = "runtime";
                    engine.kill();
                    pause(800);
                    startEngine();
                }
                case 5 -> {
                    what = "agent and runtime";
                    engine.kill();
                    agent.kill();
                    pause(800);
                    agent.startAgain();
                    startEngine();
                }
                case 6 -> {
                    what = "a container's process";
                    lives(new ArrayList<>(Machine.witnesses().entrySet())).ifPresent(victim -> {
                        strike(victim.getKey());
                        victim.getValue().forEach(life -> Machine.kill(life.pid()));
                    });
                }
                default -> {
                    what = "a shim";
                    Map<String, String> owners = owners();
                    List<Long> shims = Machine.shims(engine.shimMark());
                    if (!shims.isEmpty()) {
                        long shim = shims.get(random.nextInt(shims.size()));
                        String command = Machine.read(Long.toString(shim), "cmdline");
                        owners.forEach((id, uid) -> {
                            if (command.contains(id)) {
                                strike(uid);
                            }
                        });
                        Machine.kill(shim);
                    }
                }
            }
            System.out.println("fault " + number + ": " + what + " killed, " + pods().size() + " pods");
        }

        /** The UIDs of pods by the ids of their sandboxes and containers. */
        private Map<String, String> owners() {
            Map<String, String> owners = new HashMap<>();
            try (ContainerRuntime runtime = engine.connect()) {
                runtime.listSandboxes(Map.of()).forEach(each -> owners.put(each.id(), each.uid()));
                runtime.listContainers(Map.of())
                        .forEach(
                                each -> owners.put(each.id(), each.labels().getOrDefault("io.kubernetes.pod.uid", "")));
            }
            return owners;
        }

        private java.util.Optional<Map.Entry<String, Set<Life>>> lives(List<Map.Entry<String, Set<Life>>> all) {
            return all.isEmpty()
                    ? java.util.Optional.empty()
                    : java.util.Optional.of(all.get(random.nextInt(all.size())));
        }

        private void startEngine() {
            if (!engine.startAgain(random)) {
                pods().forEach(pod -> strike(PodFacts.uid(pod)));
            }
        }

        private void strike(String uid) {
            struck.merge(uid, 1, Integer::sum);
        }

        // -- what must hold ----------------------------------------------------------------------------------------

        private List<Pod> pods() {
            return cluster.pods().list("default", ListOptions.ALL).items();
        }

        /** Never two containers for one pod, and none is touched that nothing was done to. */
        private Map<String, Set<Life>> look() {
            Map<String, Set<Life>> found = Machine.witnesses();
            found.forEach((uid, now) -> {
                assertThat(now).as("the processes of pod %s at once", uid).hasSize(1);
                lives.computeIfAbsent(uid, key -> new HashSet<>()).addAll(now);
                assertThat(lives.get(uid))
                        .as("the processes of pod %s, struck %d times", uid, struck.getOrDefault(uid, 0))
                        .hasSizeLessThanOrEqualTo(1 + 2 * struck.getOrDefault(uid, 0));
            });
            return found;
        }

        /** Waits until what runs is what the API says, and nothing else is there. */
        private void settle() {
            Await.passes(PATIENCE, () -> {
                List<Pod> all = pods();
                assertThat(all).allSatisfy(pod -> {
                    assertThat(pod.getMetadata().getDeletionTimestamp()).isNull();
                    assertThat(TestCluster.ready(pod)).isTrue();
                });
                Map<String, String> told = new TreeMap<>();
                for (Pod pod : all) {
                    ContainerStatus status =
                            pod.getStatus().getContainerStatuses().getFirst();
                    told.put(PodFacts.uid(pod), status.getContainerID().replaceFirst(".*://", ""));
                }
                assertThat(look().keySet()).isEqualTo(told.keySet());
                try (ContainerRuntime runtime = engine.connect()) {
                    Map<String, String> running = new TreeMap<>();
                    Set<String> known = new TreeSet<>();
                    Set<String> ready = new TreeSet<>();
                    for (ContainerSummary container : runtime.listContainers(Map.of())) {
                        known.add(container.labels().getOrDefault("io.kubernetes.pod.uid", ""));
                        if (container.state() == io.mokube.kubelet.runtime.ContainerStatus.State.RUNNING) {
                            running.put(container.labels().getOrDefault("io.kubernetes.pod.uid", ""), container.id());
                        }
                    }
                    for (Sandbox sandbox : runtime.listSandboxes(Map.of())) {
                        known.add(sandbox.uid());
                        if (sandbox.ready()) {
                            assertThat(ready.add(sandbox.uid()))
                                    .as("one sandbox of %s", sandbox.uid())
                                    .isTrue();
                        }
                    }
                    assertThat(running).isEqualTo(told);
                    assertThat(ready).isEqualTo(told.keySet());
                    assertThat(known).isEqualTo(told.keySet());
                }
                // The pod's own and its container's.
                assertThat(contained()).hasSize(2 * all.size());
                assertThat(Machine.ports(engine.bridge())).hasSizeBetween(all.size(), all.size() + forgotten());
                assertThat(Machine.names(files.resolve("pods"))).isEqualTo(told.keySet());
                assertThat(Machine.mounts(files)).hasSize(all.size());
                if (!engine.cgroups().isEmpty()) {
                    assertThat(Machine.names(Path.of("/sys/fs/cgroup/memory" + engine.cgroups() + "/besteffort")))
                            .isEqualTo(told.keySet().stream()
                                    .map(uid -> "pod" + uid)
                                    .collect(Collectors.toSet()));
                }
            });
        }

        /** What shims hold, but for what the runtime has forgotten. */
        private Map<String, String> contained() {
            Map<String, String> all = Machine.contained(engine.shimMark());
            all.values().removeIf(Campaign::isForgotten);
            return all;
        }

        /**
         * A container that containerd or dockerd had made and not started when it was killed may be forgotten by the next one, and
         * nobody can ask for it: nothing of the image runs in it. It ends with its pod's control group.
         */
        private static boolean isForgotten(String command) {
            return command.startsWith("runc init");
        }

        private int forgotten() {
            return (int) Machine.contained(engine.shimMark()).values().stream()
                    .filter(Campaign::isForgotten)
                    .count();
        }

        private void nothingIsLeft() {
            assertThat(Machine.witnesses()).isEmpty();
            assertThat(contained()).isEmpty();
            assertThat(Machine.mounts(engine.folder()).stream()
                            .filter(mount ->
                                    mount.contains("rootfs") || mount.contains("merged") || mount.contains("/shm")))
                    .isEmpty();
        }
    }

    /** What the machine shows, whatever the runtime says. */
    private static final class Machine {
        static final String WITNESS =
                "MOKUBE_WITNESS_" + ProcessHandle.current().pid();

        private Machine() {}

        /** The processes of the test's containers, by the UID of their pod. */
        static Map<String, Set<Life>> witnesses() {
            Map<String, Set<Life>> found = new TreeMap<>();
            for (String pid : pids()) {
                for (String variable : read(pid, "environ").split("\0")) {
                    String[] stat = stat(pid);
                    if (variable.startsWith(WITNESS + "=") && stat.length > 19 && !"ZX".contains(stat[0])) {
                        found.computeIfAbsent(variable.substring(WITNESS.length() + 1), key -> new HashSet<>())
                                .add(new Life(Long.parseLong(pid), stat[19]));
                    }
                }
            }
            return found;
        }

        static List<Long> shims(String mark) {
            return pids().stream()
                    .filter(pid -> {
                        String command = read(pid, "cmdline");
                        return command.contains("containerd-shim") && command.contains(mark);
                    })
                    .map(Long::parseLong)
                    .toList();
        }

        /** The processes that shims hold, with what they are. */
        static Map<String, String> contained(String mark) {
            Set<String> shims = shims(mark).stream().map(String::valueOf).collect(Collectors.toSet());
            Map<String, String> found = new TreeMap<>();
            for (String pid : pids()) {
                String[] stat = stat(pid);
                if (stat.length > 1 && shims.contains(stat[1]) && !"ZX".contains(stat[0])) {
                    found.put(
                            pid,
                            read(pid, "cmdline").replace('\0', ' ') + " below "
                                    + read(stat[1], "cmdline").replace('\0', ' '));
                }
            }
            return found;
        }

        /** What stands behind the name of a process in its state. */
        private static String[] stat(String pid) {
            return read(pid, "stat").replaceFirst("(?s).*\\)", "").strip().split(" ");
        }

        static void kill(long pid) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }

        static Set<String> ports(String bridge) {
            return names(Path.of("/sys/class/net", bridge, "brif"));
        }

        static List<String> mounts(Path below) {
            return read("self", "mounts")
                    .lines()
                    .filter(line -> line.split(" ")[1].startsWith(below + "/"))
                    .toList();
        }

        private static Set<String> pids() {
            return names(Path.of("/proc")).stream()
                    .filter(name -> Character.isDigit(name.charAt(0)))
                    .collect(Collectors.toSet());
        }

        private static String read(String pid, String file) {
            try {
                return Files.readString(Path.of("/proc", pid, file), java.nio.charset.StandardCharsets.ISO_8859_1);
            } catch (IOException e) {
                return ""; // it has just ended
            }
        }

        static Set<String> names(Path folder) {
            if (!Files.isDirectory(folder)) {
                return Set.of();
            }
            try (Stream<Path> entries = Files.list(folder)) {
                return entries.filter(each -> !each.toString().contains("cgroup") || Files.isDirectory(each))
                        .map(path -> path.getFileName().toString())
                        .collect(Collectors.toCollection(TreeSet::new));
            } catch (IOException e) {
                return Set.of();
            }
        }
    }
}
