package io.mokube.kubelet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.kubelet.resources.GroupLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both versions of control groups, in folders that look like the kernel's. */
class CgroupFoldersTest {

    private static final Pod POD = new PodBuilder()
            .withNewMetadata()
            .withUid("u")
            .endMetadata()
            .withNewSpec()
            .endSpec()
            .build();
    private static final GroupLimits LIMITS = new GroupLimits(1024, 50_000, 1 << 20, 10, Map.of());

    /** The kernel makes a group's files; here they are made before. */
    private static void files(Path folder, String... names) throws IOException {
        Files.createDirectories(folder);
        for (String name : names) {
            Files.writeString(folder.resolve(name), "");
        }
    }

    @Test
    void theFirstVersionHasAHierarchyPerController(@TempDir Path root) throws IOException {
        Path cpu = root.resolve("cpu/mk/besteffort/podu");
        Path memory = root.resolve("memory/mk/besteffort/podu");
        files(cpu, "cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us");
        files(memory, "memory.limit_in_bytes");
        CgroupFolders folders = new CgroupFolders(root, "/mk");
        folders.limit(POD, LIMITS);
        assertThat(cpu.resolve("cpu.shares")).hasContent("1024");
        assertThat(cpu.resolve("cpu.cfs_quota_us")).hasContent("50000");
        assertThat(memory.resolve("memory.limit_in_bytes")).hasContent("1048576");
        assertThat(root.resolve("pids")).doesNotExist();
        files(root.resolve("pids/mk/besteffort/podu"));
        Files.writeString(root.resolve("pids/mk/besteffort/podu/pids.current"), "7\n");
        assertThat(folders.pids(POD)).isEqualTo(OptionalLong.of(7));
        files(root.resolve("memory/mk"));
        Files.writeString(root.resolve("memory/mk/memory.usage_in_bytes"), "100\n");
        Files.writeString(root.resolve("memory/mk/memory.stat"), "inactive_file 5\ntotal_inactive_file 30\n");
        assertThat(folders.workingSet()).isEqualTo(OptionalLong.of(70));
    }

    @Test
    void whatAPodHasLeftBehindEndsWithItsGroup(@TempDir Path root) throws Exception {
        Process forgotten = new ProcessBuilder("sleep", "1000").start();
        Process other = new ProcessBuilder("sleep", "1000").start();
        try {
            files(root.resolve("pids/mk/besteffort/podu/container"), "cgroup.procs");
            Files.writeString(root.resolve("pids/mk/besteffort/podu/container/cgroup.procs"), forgotten.pid() + "\n");
            files(root.resolve("pids/mk/besteffort/podv"), "cgroup.procs");
            Files.writeString(root.resolve("pids/mk/besteffort/podv/cgroup.procs"), other.pid() + "\n");
            new CgroupFolders(root, "/mk").remove(POD);
            assertThat(forgotten.isAlive()).isFalse();
            assertThat(other.isAlive()).isTrue();
        } finally {
            forgotten.destroyForcibly();
            other.destroyForcibly();
        }
    }

    @Test
    void theSecondVersionHasOneAndPassesControllersDown(@TempDir Path root) throws IOException {
        files(root, "cgroup.subtree_control");
        Files.writeString(root.resolve("cgroup.controllers"), "cpu memory pids\n");
        Path pod = root.resolve("mk/besteffort/podu");
        files(pod, "cpu.weight", "cpu.max", "memory.max", "pids.max");
        CgroupFolders folders = new CgroupFolders(root, "/mk");
        folders.limit(POD, LIMITS);
        assertThat(pod.resolve("cpu.weight")).hasContent("39");
        assertThat(pod.resolve("cpu.max")).hasContent("50000 100000");
        assertThat(pod.resolve("memory.max")).hasContent("1048576");
        assertThat(pod.resolve("pids.max")).hasContent("10");
        assertThat(Files.readString(root.resolve("cgroup.subtree_control"))).contains("+pids");
    }

    @Test
    void withoutAGroupOfItsOwnNothingIsTouched(@TempDir Path root) throws IOException {
        CgroupFolders folders = new CgroupFolders(root, "");
        folders.limit(POD, LIMITS);
        folders.remove(POD);
        assertThat(root).isEmptyDirectory();
        assertThat(folders.pids(POD)).isEmpty();
    }
}
