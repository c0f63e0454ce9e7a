package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodClaims.VolumeClaim;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.volumes.ClaimFacts;
import io.mokube.scheduler.volumes.ClassFacts;
import io.mokube.scheduler.volumes.VolumeFacts;
import io.mokube.scheduler.volumes.Volumes;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps to the number of volumes that a node can attach, as each CSI driver states it in the node's CSINode. What pods on the
 * node use counts, and what is attached there though no pod uses it (any more).
 */
public final class NodeVolumeLimitsPlugin implements FilterPlugin {

    private static final String NAME = "NodeVolumeLimits";
    private static final Verdict FULL = new Verdict.Unfit(NAME, List.of("node(s) exceed max volume count"), true);

    /** A volume of a driver: by the driver's own name for it, or by the claim for which it is to be made. */
    private record Attached(String driver, String volume) {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        Volumes volumes = snapshot.volumes();
        if (pod.claims().volumes().isEmpty() || volumes.attachLimits().isEmpty()) {
            return NodeFilter.NONE;
        }
        Set<Attached> wanted = new HashSet<>();
        addAttached(pod, volumes, wanted);
        return wanted.isEmpty() ? NodeFilter.NONE : node -> check(node, wanted, volumes);
    }

    private static void addAttached(PodInfo pod, Volumes volumes, Set<Attached> attached) {
        for (VolumeClaim use : pod.claims().volumes()) {
            attached(use, volumes).ifPresent(attached::add);
        }
    }

    private static Optional<Attached> attached(VolumeClaim use, Volumes volumes) {
        ClaimFacts claim = volumes.claim(use.claim());
        if (claim == null) {
            return Optional.empty();
        }
        VolumeFacts volume = claim.volumeName().isEmpty() ? null : volumes.volume(claim.volumeName());
        if (volume != null) {
            return volume.driver().isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Attached(volume.driver(), volume.handle()));
        }
        // Not made yet, or not seen: the class says who makes it.
        ClassFacts storageClass = volumes.classOf(claim);
        return storageClass == null
                ? Optional.empty()
                : Optional.of(new Attached(storageClass.provisioner(), "claim " + claim.key()));
    }

    private static Verdict check(NodeInfo node, Set<Attached> wanted, Volumes volumes) {
        if (volumes.attachLimits().get(node.name()) == null) {
            return Verdict.FITS;
        }
        Set<Attached> all = new HashSet<>();
        for (PodInfo pod : node.pods()) {
            addAttached(pod, volumes, all);
        }
        volumes.attachedTo(node.name()).values().forEach(attachment -> {
            VolumeFacts volume = volumes.volume(attachment.volume());
            if (volume != null && volume.driver().equals(attachment.driver())) {
                all.add(new Attached(volume.driver(), volume.handle()));
            }
        });
        // What is attached already takes no further place, even on a node that has more than it should.
        Set<Attached> fresh = new HashSet<>(wanted);
        fresh.removeAll(all);
        all.addAll(fresh);
        for (Attached each : fresh) {
            long count = all.stream()
                    .filter(other -> other.driver().equals(each.driver()))
                    .count();
            if (count > volumes.attachLimit(node.name(), each.driver())) {
                return FULL;
            }
        }
        return Verdict.FITS;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(
                ClusterEvent.ATTACH_LIMIT_CHANGED,
                ClusterEvent.VOLUME_DETACHED,
                ClusterEvent.ASSIGNED_POD_REMOVED,
                ClusterEvent.NODE_ADDED,
                ClusterEvent.VOLUME_CLAIM_CHANGED);
    }

    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(ClaimFacts.class)
                .map(claim -> VolumeBindingPlugin.uses(pod, claim))
                .or(() -> change.before(PodInfo.class)
                        .map(gone -> !gone.claims().volumes().isEmpty()))
                .orElse(true);
    }
}
