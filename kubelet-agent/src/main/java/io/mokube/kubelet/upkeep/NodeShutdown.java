package io.mokube.kubelet.upkeep;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.lifecycle.Ending;
import io.mokube.kubelet.network.Programs;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.NodePolicy.Shutdown;
import io.mokube.kubelet.sync.PodWorkers;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a node's pods when the node ends: the ordinary ones first, the critical ones in the time kept for them. */
public final class NodeShutdown {

    private static final Logger log = LoggerFactory.getLogger(NodeShutdown.class);
    private static final Path SYSTEMD = Path.of("/run/systemd/system");
    private static final Duration POLL = Duration.ofMillis(100);
    private static final String MESSAGE = "Pod was terminated in response to imminent node shutdown.";

    private NodeShutdown() {}

    /**
     * Ends the pods and waits until they have, at most as long as the policy says. New pods are refused from the beginning.
     *
     * @throws InterruptedException when the thread is; pods already told to end do so
     */
    public static void run(Shutdown policy, PodWorkers workers, Clock clock) throws InterruptedException {
        workers.setShuttingDown();
        List<Pod> all = workers.running();
        log.atInfo()
                .setMessage("the node is shutting down")
                .addKeyValue("pods", all.size())
                .log();
        end(
                all.stream().filter(pod -> !PodFacts.isCritical(pod)).toList(),
                policy.total().minus(policy.critical()),
                workers,
                clock);
        end(all.stream().filter(PodFacts::isCritical).toList(), policy.critical(), workers, clock);
    }

    private static void end(List<Pod> pods, Duration time, PodWorkers workers, Clock clock)
            throws InterruptedException {
        for (Pod pod : pods) {
            workers.end(pod, new Ending("Terminated", MESSAGE, Optional.of(grace(pod, time)), true));
        }
        long begin = clock.nanoTime();
        while (!pods.stream().allMatch(workers::over) && clock.nanoTime() - begin < time.toNanos()) {
            clock.sleep(POLL);
        }
    }

    /** Whether systemd is stopping this machine, and with it the agent. */
    public static boolean machineIsStopping() {
        if (!Files.isDirectory(SYSTEMD)) {
            return false;
        }
        try {
            return Programs.run(List.of("systemctl", "is-system-running")).contains("stopping");
        } catch (ComponentException e) {
            // It fails for every state but one, and names the state all the same.
            return String.valueOf(e.getMessage()).contains("stopping");
        }
    }

    /** The pod's own period, as long as there is so much time. */
    static Duration grace(Pod pod, Duration time) {
        Duration own = PodFacts.gracePeriod(pod);
        return own.compareTo(time) < 0 ? own : time;
    }
}
