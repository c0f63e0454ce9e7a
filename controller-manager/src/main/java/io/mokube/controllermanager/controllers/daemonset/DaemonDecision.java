package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.controllermanager.controllers.daemonset.DaemonPlan.Ended;
import io.mokube.controllermanager.controllers.daemonset.DaemonTemplate.Fit;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a daemon set should do next. Pure; one for each decision. */
final class DaemonDecision {

    /** The most pods created and deleted in one go, so that one large set doesn't hold up the others. */
    private static final int BURST = 250;

    private final Daemons daemons;
    private final Function<String, Optional<Duration>> backoff;
    private final Set<String> create = new LinkedHashSet<>();
    private final List<Pod> delete = new ArrayList<>();
    private final List<Ended> ended = new ArrayList<>();
    private final List<Duration> waits = new ArrayList<>();

    private DaemonDecision(Daemons daemons, Function<String, Optional<Duration>> backoff) {
        this.daemons = daemons;
        this.backoff = backoff;
    }

    /**
     * Decides: every node gets what it should have, and when all have, the update goes on.
     *
     * @param backoff how long a node's next failed daemon has to stay before it is replaced, if any longer
     */
    static DaemonPlan plan(Daemons daemons, Function<String, Optional<Duration>> backoff) {
        DaemonDecision decision = new DaemonDecision(daemons, backoff);
        daemons.fits().forEach(decision::keep);
        decision.removeStranded();
        if (decision.create.isEmpty() && decision.delete.isEmpty() && DaemonLimits.isRollingUpdate(daemons.set())) {
            DaemonRollout rollout = new DaemonRollout(daemons);
            rollout.run();
            decision.create.addAll(rollout.create());
            decision.delete.addAll(rollout.delete());
        }
        return decision.plan();
    }

    private DaemonPlan plan() {
        List<Pod> deletes = delete.stream().limit(BURST).toList();
        return new DaemonPlan(
                create.stream().limit(BURST).toList(),
                deletes,
                ended.stream().filter(each -> deletes.contains(each.pod())).toList(),
                daemons.status(),
                Stream.concat(waits.stream(), daemons.nextAvailable().stream()).min(Duration::compareTo));
    }

    private void keep(String node, Fit fit) {
        List<Pod> all = daemons.on(node);
        if (fit == Fit.WANTED && all.isEmpty()) {
            create.add(node);
        } else if (fit == Fit.UNFIT) {
            all.stream().filter(pod -> !Ownership.isBeingDeleted(pod)).forEach(delete::add);
        } else {
            List<Pod> running = new ArrayList<>();
            all.stream()
                    .filter(pod -> !Ownership.isBeingDeleted(pod))
                    .filter(pod -> !replaceEnded(node, pod))
                    .forEach(running::add);
            if (!DaemonLimits.allowSurge(daemons.set())) {
                running.stream().skip(1).forEach(delete::add);
            } else if (running.isEmpty() && fit == Fit.WANTED) {
                create.add(node); // without waiting for the end of the one before
            } else {
                keepOldAndNew(running);
            }
        }
    }

    /** Whether a daemon has ended; then it goes, at once or later when daemons keep failing on this node. */
    private boolean replaceEnded(String node, Pod pod) {
        if (!PodFacts.isFinished(pod)) {
            return false;
        }
        Optional<Duration> wait = PodFacts.phase(pod).equals("Failed") ? backoff.apply(node) : Optional.empty();
        wait.ifPresentOrElse(waits::add, () -> {
            delete.add(pod);
            ended.add(new Ended(node, pod));
        });
        return true;
    }

    /** Two are allowed while the old one is ready and the new one not yet available. */
    private void keepOldAndNew(List<Pod> running) {
        @Nullable Pod newOne = null;
        @Nullable Pod oldOne = null;
        for (Pod pod : running) {
            if (daemons.isUpdated(pod) && newOne == null) {
                newOne = pod;
            } else if (!daemons.isUpdated(pod) && oldOne == null) {
                oldOne = pod;
            } else {
                delete.add(pod);
            }
        }
        if (newOne != null && oldOne != null && (!PodFacts.isReady(oldOne) || daemons.isAvailable(newOne))) {
            delete.add(oldOne);
        }
    }

    /** Pods for nodes that are gone are never bound, and nobody else collects them. */
    private void removeStranded() {
        daemons.byNode().forEach((node, pods) -> {
            if (!daemons.fits().containsKey(node)) {
                pods.stream()
                        .filter(pod -> !DaemonTemplate.isBound(pod) && !Ownership.isBeingDeleted(pod))
                        .forEach(delete::add);
            }
        });
    }
}
