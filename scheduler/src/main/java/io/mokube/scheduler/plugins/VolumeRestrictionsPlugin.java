package io.mokube.scheduler.plugins;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodClaims.Disk;
import io.mokube.scheduler.snapshot.PodClaims.VolumeClaim;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.volumes.ClaimFacts;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Keeps a claim with the access mode ReadWriteOncePod to one pod in the whole cluster, and a disk that pods name themselves to
 * those pods of a node that can share it.
 */
public final class VolumeRestrictionsPlugin implements FilterPlugin {

    private static final String NAME = "VolumeRestrictions";
    private static final Verdict IN_USE = new Verdict.Unfit(
            NAME,
            List.of("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"),
            true);

    private static final Verdict NO_DISK = new Verdict.Unfit(NAME, List.of("node(s) had no available disk"), true);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        Set<ObjectKey> exclusive = new HashSet<>();
        for (VolumeClaim use : pod.claims().volumes()) {
            ClaimFacts claim = snapshot.volumes().claim(use.claim());
            if (claim != null && claim.forOnePod()) {
                exclusive.add(claim.key());
            }
        }
        List<Disk> disks = pod.claims().disks();
        return exclusive.isEmpty() && disks.isEmpty()
                ? NodeFilter.NONE
                : new Exclusive(exclusive, !exclusive.isEmpty() && isUsed(exclusive, snapshot), disks);
    }

    private static boolean isUsed(Set<ObjectKey> claims, Snapshot snapshot) {
        for (int i = 0; i < snapshot.size(); i++) {
            for (PodInfo pod : snapshot.node(i).pods()) {
                for (VolumeClaim use : pod.claims().volumes()) {
                    if (claims.contains(use.claim())) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Whoever uses one of the claims, and wherever, is in the way of every node; whoever has a disk, of his own. */
    private record Exclusive(Set<ObjectKey> claims, boolean used, List<Disk> disks) implements NodeFilter {

        @Override
        public Verdict check(NodeInfo node) {
            if (!disks.isEmpty() && node.pods().stream().anyMatch(this::conflictsWith)) {
                return NO_DISK;
            }
            return used ? IN_USE : Verdict.FITS;
        }

        private boolean conflictsWith(PodInfo other) {
            return other.claims().disks().stream()
                    .anyMatch(its -> disks.stream().anyMatch(its::conflictsWith));
        }

        @Override
        public boolean local() {
            return claims.isEmpty();
        }

        @Override
        public NodeFilter in(Snapshot imagined) {
            return claims.isEmpty() ? this : new Exclusive(claims, isUsed(claims, imagined), disks);
        }
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.ASSIGNED_POD_REMOVED, ClusterEvent.VOLUME_CLAIM_CHANGED);
    }

    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(ClaimFacts.class)
                .map(claim -> VolumeBindingPlugin.uses(pod, claim))
                .or(() -> change.before(PodInfo.class)
                        .map(gone -> gone.claims().volumes().stream()
                                        .anyMatch(pod.claims().volumes()::contains)
                                || gone.claims().disks().stream()
                                        .anyMatch(its ->
                                                pod.claims().disks().stream().anyMatch(its::conflictsWith))))
                .orElse(true);
    }
}
