package io.mokube.scheduler.plugins;

import io.mokube.machinery.names.ObjectKey;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Keeps a claim with the access mode ReadWriteOncePod to one pod in the whole cluster. */
public final class VolumeRestrictionsPlugin implements FilterPlugin {

    private static final String NAME = "VolumeRestrictions";
    private static final Verdict IN_USE = new Verdict.Unfit(
            NAME,
            List.of("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"),
            true);

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
        return exclusive.isEmpty() ? NodeFilter.NONE : new Exclusive(exclusive, isUsed(exclusive, snapshot));
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

    /** Asks the same of every node: whoever uses the claim, and wherever, is in the way. */
    private record Exclusive(Set<ObjectKey> claims, boolean used) implements NodeFilter {

        @Override
        public Verdict check(NodeInfo node) {
            return used ? IN_USE : Verdict.FITS;
        }

        @Override
        public boolean local() {
            return false;
        }

        @Override
        public NodeFilter in(Snapshot imagined) {
            return new Exclusive(claims, isUsed(claims, imagined));
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
                                .anyMatch(pod.claims().volumes()::contains)))
                .orElse(true);
    }
}
