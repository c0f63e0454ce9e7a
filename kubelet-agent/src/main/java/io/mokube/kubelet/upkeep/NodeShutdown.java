package io.mokube.kubelet.upkeep;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.lifecycle.Ending;
import io.mokube.kubelet.network.Programs;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.NodePolicy.Shutdown;
import io.mokube.kubelet.policy.NodePolicy.Shutdown.Period;
import io.mokube.kubelet.sync.PodWorkers;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a node's pods when the node ends: one group after the other, by growing priority, each in the time kept for it. */
public final class NodeShutdown {

    private static final Logger log = LoggerFactory.getLogger(NodeShutdown.class);
    private static final Path SYSTEMD = Path.of("/run/systemd/system");
    private static final Duration POLL = Duration.ofMillis(100);
    private static final String MESSAGE = "Pod was terminated in response to imminent node shutdown.";

    private NodeShutdown() {}

    /** Pods that end together. */
    record Group(Period period, List<Pod> pods) {}

    /**
     * Ends the pods and waits until they have, at most as long as the policy says. New pods are refused from the beginning.
     *
     * @throws InterruptedException when the thread is; pods already told to end do so
     */
    public static void run(Shutdown policy, PodWorkers workers, Clock clock) throws InterruptedException {
        workers.setShuttingDown();
        List<Pod> all = workers.active();
        log.atInfo()
                .setMessage("the node is shutting down")
                .addKeyValue("pods", all.size())
                .log();
        for (Group group : groups(policy, all)) {
            end(group, workers, clock);
        }
    }

    /** Who ends when. Static pods count as critical ones; periods in which nobody ends are left out. */
    static List<Group> groups(Shutdown policy, List<Pod> pods) {
        List<Group> groups = policy.periods().stream()
                .map(period -> new Group(period, new ArrayList<>()))
                .toList();
        for (Pod pod : pods) {
            int priority = PodFacts.isStatic(pod)
                    ? Math.max(PodFacts.priority(pod), PodFacts.SYSTEM_CRITICAL_PRIORITY)
                    : PodFacts.priority(pod);
            int index = 0;
            while (index + 1 < groups.size() && groups.get(index + 1).period().priority() <= priority) {
                index++;
            }
            groups.get(index).pods().add(pod);
        }
        return groups.stream().filter(group -> !group.pods().isEmpty()).toList();
    }

    /** Ends a group. Its volumes are taken back before the next one ends, to which their driver may belong. */
    private static void end(Group group, PodWorkers workers, Clock clock) throws InterruptedException {
        Duration time = group.period().time();
        log.atInfo()
                .setMessage("pods end with their node")
                .addKeyValue("priority", group.period().priority())
                .addKeyValue("pods", group.pods().stream().map(PodFacts::key).toList())
                .addKeyValue("time", time)
                .log();
        for (Pod pod : group.pods()) {
            workers.end(pod, new Ending("Terminated", MESSAGE, Optional.of(grace(pod, time)), true));
        }
        long begin = clock.nanoTime();
        while (!group.pods().stream().allMatch(workers::reclaimed) && clock.nanoTime() - begin < time.toNanos()) {
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
