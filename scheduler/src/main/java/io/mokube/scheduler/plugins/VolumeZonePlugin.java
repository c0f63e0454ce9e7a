package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.PodClaims.VolumeClaim;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.volumes.ClaimFacts;
import io.mokube.scheduler.volumes.VolumeFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keeps a pod to the zones and regions that the labels of its volumes name. */
public final class VolumeZonePlugin implements FilterPlugin {

    private static final String NAME = "VolumeZone";
    private static final Verdict ELSEWHERE =
            new Verdict.Unfit(NAME, List.of("node(s) had no available volume zone"), false);

    /** The old names of the labels and the new ones. */
    private static final Map<String, String> RENAMED = Map.of(
            "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        List<Map.Entry<String, Set<String>>> wanted = new ArrayList<>();
        for (VolumeClaim use : pod.claims().volumes()) {
            ClaimFacts claim = snapshot.volumes().claim(use.claim());
            if (use.ephemeral() || claim == null || claim.volumeName().isEmpty()) {
                continue;
            }
            VolumeFacts volume = snapshot.volumes().volume(claim.volumeName());
            if (volume == null) {
                return NodeFilter.nowhere(new Verdict.Unfit(
                        NAME, List.of("persistentvolume \"" + claim.volumeName() + "\" not found"), false));
            }
            wanted.addAll(volume.zones().entrySet());
        }
        return wanted.isEmpty()
                ? NodeFilter.NONE
                : node -> agree(wanted, node.facts().labels()) ? Verdict.FITS : ELSEWHERE;
    }

    private static boolean agree(List<Map.Entry<String, Set<String>>> wanted, Map<String, String> labels) {
        if (labels.keySet().stream().noneMatch(key -> RENAMED.containsKey(key) || RENAMED.containsValue(key))) {
            // A cluster of one zone need not say so.
            return true;
        }
        for (Map.Entry<String, Set<String>> zone : wanted) {
            @Nullable String value = labels.get(zone.getKey());
            if (value == null) {
                value = labels.get(RENAMED.getOrDefault(zone.getKey(), zone.getKey()));
            }
            if (value == null || !zone.getValue().contains(value)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(
                ClusterEvent.NODE_ADDED,
                ClusterEvent.NODE_LABELS_CHANGED,
                ClusterEvent.VOLUME_CLAIM_CHANGED,
                ClusterEvent.VOLUME_CHANGED);
    }

    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(ClaimFacts.class)
                .map(claim -> VolumeBindingPlugin.uses(pod, claim))
                .orElse(true);
    }
}
