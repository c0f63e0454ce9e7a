package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.controllermanager.controllers.daemonset.DaemonTemplate.Fit;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The next step of a daemon set's rolling update, once every node has what it should have. Without a surge it deletes old
 * pods, and their nodes get new ones afterwards; with one it makes new pods beside the old ones. Pure; one for each
 * decision.
 */
final class DaemonRollout {

    private final Daemons daemons;
    private final DaemonLimits limits;
    private final List<String> create = new ArrayList<>();
    private final List<Pod> delete = new ArrayList<>();

    DaemonRollout(Daemons daemons) {
        this.daemons = daemons;
        this.limits = DaemonLimits.of(daemons.set(), daemons.wanted());
    }

    /** The nodes to make new daemons for, beside their old ones. */
    List<String> create() {
        return create;
    }

    List<Pod> delete() {
        return delete;
    }

    void run() {
        if (limits.maxSurge() == 0) {
            replace();
        } else {
            surge();
        }
    }

    /** A node's daemons that are not on their way out, one of each revision. */
    private record Pair(@Nullable Pod newOne, @Nullable Pod oldOne) {}

    /** The pair, unless there are more daemons than one of each; they are cleaned up before the node counts. */
    private Optional<Pair> pair(List<Pod> pods) {
        @Nullable Pod newOne = null;
        @Nullable Pod oldOne = null;
        for (Pod pod : pods) {
            if (Ownership.isBeingDeleted(pod)) {
                continue;
            }
            if (daemons.isUpdated(pod)) {
                if (newOne != null) {
                    return Optional.empty();
                }
                newOne = pod;
            } else {
                if (oldOne != null) {
                    return Optional.empty();
                }
                oldOne = pod;
            }
        }
        return Optional.of(new Pair(newOne, oldOne));
    }

    private void replace() {
        int unavailable = 0;
        List<Pod> candidates = new ArrayList<>();
        for (String node : nodes()) {
            Pair pair = pair(daemons.on(node)).orElse(new Pair(null, null));
            if (pair.newOne == null && pair.oldOne != null && daemons.isAvailable(pair.oldOne)) {
                candidates.add(pair.oldOne);
            } else if (pair.newOne == null && pair.oldOne != null) {
                unavailable++;
                delete.add(pair.oldOne); // nothing is lost, and it may never become available
            } else if (pair.newOne == null || pair.oldOne != null || !daemons.isAvailable(pair.newOne)) {
                unavailable++;
            }
        }
        candidates.stream()
                .limit(Math.max(0, limits.maxUnavailable() - unavailable))
                .forEach(delete::add);
    }

    private void surge() {
        int surging = 0;
        int available = 0;
        List<String> candidates = new ArrayList<>();
        List<Pod> leaving = new ArrayList<>();
        for (String node : nodes()) {
            Optional<Pair> found = pair(daemons.on(node));
            if (found.isEmpty()) {
                surging++;
                continue;
            }
            @Nullable Pod oldOne = found.get().oldOne;
            @Nullable Pod newOne = found.get().newOne;
            if (oldOne == null) {
                available += newOne != null && daemons.isAvailable(newOne) ? 1 : 0;
                continue;
            }
            boolean serving = daemons.isAvailable(oldOne);
            available += serving ? 1 : 0;
            if (newOne == null && !isWanted(node)) {
                (serving ? leaving : delete).add(oldOne);
            } else if (newOne == null) {
                (serving ? candidates : create).add(node); // replacing one that doesn't serve is no surge
            } else if (daemons.isAvailable(newOne)) {
                delete.add(oldOne);
            } else {
                surging++;
            }
        }
        // Whoever surges wants all nodes served: those that no longer suit give theirs up only when others have one.
        leaving.stream().limit(Math.max(0, available - daemons.wanted())).forEach(delete::add);
        candidates.stream().limit(Math.max(0, limits.maxSurge() - surging)).forEach(create::add);
    }

    private boolean isWanted(String node) {
        return daemons.fits().get(node) == Fit.WANTED;
    }

    /** The nodes that have daemons or are to have one. */
    private NavigableSet<String> nodes() {
        NavigableSet<String> nodes = new TreeSet<>(daemons.byNode().keySet());
        daemons.fits().keySet().stream().filter(this::isWanted).forEach(nodes::add);
        return nodes;
    }
}
