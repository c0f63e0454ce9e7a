package io.mokube.it;

import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A network of its own, and mounts of its own with the {@code /sys} of that network, as a machine has them. It has no name
 * and lives by the processes in it, the first of which does nothing: whatever becomes of a test, nothing stays.
 */
final class NetworkNamespace implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** What shows the network's own interfaces, without losing sight of the control groups. */
    private static final String OWN_SYS = """
            groups=$(mktemp -d)
            mount --rbind /sys/fs/cgroup "$groups"
            mount -t sysfs sysfs /sys
            mount --rbind "$groups" /sys/fs/cgroup
            umount --recursive --lazy "$groups"
            rmdir "$groups"
            ip link set lo up
            """;

    private final ChildProcess holder;

    private NetworkNamespace(ChildProcess holder) {
        this.holder = holder;
    }

    /** Makes one; skips the test where that can't be. */
    static NetworkNamespace create(String name) {
        Needs.part("root", "root".equals(System.getProperty("user.name")));
        ChildProcess holder = ChildProcess.start(
                "network-" + name,
                List.of("unshare", "--net", "--mount", "--propagation", "private", "sleep", "infinity"),
                Map.of());
        NetworkNamespace namespace = new NetworkNamespace(holder);
        Await.until(PATIENCE, "the namespaces of " + name, namespace::isApart);
        namespace.run("sh", "-ec", OWN_SYS);
        return namespace;
    }

    private boolean isApart() throws IOException {
        return Files.readString(Path.of("/proc", Long.toString(pid()), "comm"))
                .strip()
                .equals("sleep");
    }

    /** The number of a process in it, for commands that move interfaces there. */
    long pid() {
        return holder.pid();
    }

    /** The command that runs a command inside. */
    List<String> enter(List<String> command) {
        List<String> all =
                new ArrayList<>(List.of("nsenter", "--target", Long.toString(pid()), "--net", "--mount", "--"));
        all.addAll(command);
        return all;
    }

    /** Runs a command inside to its end, and returns what it printed. */
    String run(String... command) {
        return Commands.run(enter(List.of(command)), Map.of(), PATIENCE).orFail();
    }

    @Override
    public void close() {
        holder.close();
    }
}
