package io.mokube.kubelet.runtime.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What runs of containers that the engine has forgotten. An engine that is killed while it starts a container takes it, when
 * it comes back, for one that was never started, and removes it without a look at its processes.
 */
final class LeftProcesses {

    private static final Logger log = LoggerFactory.getLogger(LeftProcesses.class);
    /** Anything shorter could be a part of other groups' names. */
    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

    /** A killed process ends at once, unless the kernel is busy with it. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private LeftProcesses() {}

    /**
     * Kills what still runs in the control group of a container that was removed, and waits for its end. Sees processes of this
     * machine alone.
     */
    static void kill(String containerId) {
        kill(containerId, LeftProcesses::groupsOf);
    }

    /** @param groups the control groups of a process, in whose paths an engine writes a container's id */
    static void kill(String containerId, Function<ProcessHandle, String> groups) {
        if (!ID.matcher(containerId).matches()) {
            throw new IllegalArgumentException("no container's id: " + containerId);
        }
        List<ProcessHandle> left = ProcessHandle.allProcesses()
                .filter(process -> groups.apply(process).contains(containerId))
                .toList();
        for (ProcessHandle process : left) {
            log.atWarn()
                    .setMessage("killing what the engine has forgotten of a container")
                    .addKeyValue("container", containerId)
                    .addKeyValue("pid", process.pid())
                    .log();
            process.destroyForcibly();
        }
        for (ProcessHandle process : left) {
            process.onExit()
                    .completeOnTimeout(process, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        }
    }

    private static String groupsOf(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cgroup"));
        } catch (IOException e) {
            // It has ended.
            return "";
        }
    }
}
