package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.resources.GroupLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control groups of a node's pods: one for all, in it one for each quality of service below Guaranteed, in those one for
 * each pod, in which the runtime makes one for each container. Works with both versions of control groups.
 *
 * <p>The runtime leaves a pod's group behind when its containers are gone: it is removed here.
 */
public final class CgroupFolders {

    private static final Logger log = LoggerFactory.getLogger(CgroupFolders.class);
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final String CONTROLLERS = "cgroup.controllers";
    private static final Duration LONGEST_END = Duration.ofSeconds(5);

    private final Path root;
    private final String parent;

    /**
     * @param parent the group of all pods, empty when there is none and the runtime chooses
     */
    public CgroupFolders(String parent) {
        this(ROOT, parent);
    }

    CgroupFolders(Path root, String parent) {
        this.root = root;
        this.parent = parent;
    }

    /** The group of a pod below this one, empty when the runtime chooses. */
    static String ofPod(String parent, Pod pod) {
        return parent.isEmpty() ? "" : ofClass(parent, PodFacts.qosClass(pod)) + "/pod" + PodFacts.uid(pod);
    }

    private static String ofClass(String parent, String qosClass) {
        return switch (qosClass) {
            case "BestEffort" -> parent + "/besteffort";
            case "Burstable" -> parent + "/burstable";
            default -> parent;
        };
    }

    /** Whether the groups are made here. */
    public boolean managed() {
        return !parent.isEmpty();
    }

    /**
     * Makes the group of all pods and sets its limits; does nothing when the runtime chooses the groups.
     *
     * @throws IOException when the kernel refuses
     */
    public void limitAll(GroupLimits limits) throws IOException {
        if (managed()) {
            limit(parent, limits);
        }
    }

    /** The same for the group of a quality of service. */
    void limitClass(String qosClass, GroupLimits limits) throws IOException {
        if (managed()) {
            limit(ofClass(parent, qosClass), limits);
        }
    }

    /** The same for a pod's group. */
    void limit(Pod pod, GroupLimits limits) throws IOException {
        if (managed()) {
            limit(ofPod(parent, pod), limits);
        }
    }

    private void limit(String group, GroupLimits limits) throws IOException {
        String path = group.substring(1);
        if (Files.exists(root.resolve(CONTROLLERS))) {
            Path folder = root;
            for (Path part : Path.of(path)) {
                delegate(folder);
                folder = folder.resolve(part);
                Files.createDirectories(folder);
            }
            write(folder, limits.secondVersion());
            return;
        }
        for (Map.Entry<String, Map<String, String>> controller :
                limits.firstVersion().entrySet()) {
            Path hierarchy = root.resolve(controller.getKey());
            if (Files.isDirectory(hierarchy) && !controller.getValue().isEmpty()) {
                write(Files.createDirectories(hierarchy.resolve(path)), controller.getValue());
            }
        }
    }

    /** Lets the groups in this one have what it has. */
    private static void delegate(Path folder) throws IOException {
        Path present = folder.resolve(CONTROLLERS);
        if (!Files.exists(present)) {
            return;
        }
        List<String> controllers = List.of(Files.readString(present).strip().split(" "));
        for (String controller : List.of("cpu", "memory", "pids", "hugetlb")) {
            if (controllers.contains(controller)) {
                Files.writeString(folder.resolve("cgroup.subtree_control"), "+" + controller, StandardOpenOption.WRITE);
            }
        }
    }

    private static void write(Path folder, Map<String, String> files) throws IOException {
        for (Map.Entry<String, String> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey());
            // The kernel's files are there when their controller is.
            if (Files.exists(path)) {
                Files.writeString(path, file.getValue(), StandardOpenOption.WRITE);
            }
        }
    }

    /** How many processes and threads the pod has; empty when it is not known. */
    public OptionalLong pids(Pod pod) {
        return number(ofPod(parent, pod), "pids", "pids.current");
    }

    /** How much memory all pods use together that could not be taken from them without harm; empty when it is not known. */
    public OptionalLong workingSet() {
        boolean second = Files.exists(root.resolve(CONTROLLERS));
        OptionalLong used = number(parent, "memory", second ? "memory.current" : "memory.usage_in_bytes");
        if (used.isEmpty()) {
            return used;
        }
        String field = second ? "inactive_file " : "total_inactive_file ";
        try (Stream<String> lines = Files.lines(folder(parent, "memory").resolve("memory.stat"))) {
            long inactive = lines.filter(line -> line.startsWith(field))
                    .mapToLong(line -> Long.parseLong(line.substring(field.length())))
                    .findFirst()
                    .orElse(0);
            return OptionalLong.of(Math.max(0, used.getAsLong() - inactive));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    private Path folder(String group, String controller) {
        Path hierarchy = Files.exists(root.resolve(CONTROLLERS)) ? root : root.resolve(controller);
        return hierarchy.resolve(group.substring(1));
    }

    private OptionalLong number(String group, String controller, String file) {
        if (group.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(
                    Files.readString(folder(group, controller).resolve(file)).strip()));
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /**
     * Removes the pod's group from every hierarchy. What still runs in it is killed, as Kubernetes does: a runtime that was
     * killed itself may have forgotten what it had begun to make.
     */
    void remove(Pod pod) {
        if (managed()) {
            remove(ofPod(parent, pod));
        }
    }

    /** Removes the group of all pods, which must have ended, with all that is in it, in the same way. */
    public void removeAll() {
        if (managed()) {
            remove(parent);
        }
    }

    private void remove(String group) {
        try (Stream<Path> hierarchies = Files.list(root)) {
            List<Path> roots = Stream.concat(Stream.of(root), hierarchies.filter(Files::isDirectory))
                    .toList();
            List<Path> folders = roots.stream()
                    .map(each -> each.resolve(group.substring(1)))
                    .filter(Files::isDirectory)
                    .toList();
            for (Path folder : folders) {
                killAll(group, folder);
            }
            for (Path folder : folders) {
                removeTree(folder);
            }
        } catch (IOException | UncheckedIOException e) {
            log.atWarn()
                    .setMessage("a control group was not removed")
                    .addKeyValue("group", group)
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    /** Kills what runs in a group or below it, and waits until it has ended. */
    private static void killAll(String group, Path folder) throws IOException {
        List<ProcessHandle> processes = new ArrayList<>();
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path list : tree.filter(path -> path.endsWith("cgroup.procs")).toList()) {
                Files.readAllLines(list).stream()
                        .map(Long::parseLong)
                        .flatMap(pid -> ProcessHandle.of(pid).stream())
                        .forEach(processes::add);
            }
        }
        for (ProcessHandle process : processes) {
            log.atWarn()
                    .setMessage("killing what a pod has left behind")
                    .addKeyValue("group", group)
                    .addKeyValue("pid", process.pid())
                    .log();
            process.destroyForcibly();
        }
        for (ProcessHandle process : processes) {
            try {
                process.onExit().get(LONGEST_END.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException("process " + process.pid() + " of group " + group + " does not end", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Only folders are removed: the files in them are the kernel's and go with them. */
    private static void removeTree(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.filter(Files::isDirectory)
                    .sorted(Comparator.reverseOrder())
                    .toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
