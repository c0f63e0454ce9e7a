package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How full the volumes of pods are, looked at when somebody asks, and once a minute at most: a pod's own folders, local
 * volumes, and those of drivers that can tell. Folders of the host are nobody's volume to be measured, as in Kubernetes.
 * Safe for use by many threads.
 */
final class VolumeStats {

    private static final Duration KEPT = Duration.ofMinutes(1);
    private static final List<String> OWN_KINDS =
            List.of("empty-dir", "configmap", "secret", "downward-api", "projected");

    private final Path pods;
    private final CsiVolumes csi;
    private final ClaimedVolumes claims;
    private final Clock clock;
    private final Map<String, Look> looks = new ConcurrentHashMap<>();

    private record Look(Instant at, List<VolumeUsage> found) {}

    VolumeStats(Path pods, CsiVolumes csi, ClaimedVolumes claims, Clock clock) {
        this.pods = pods;
        this.csi = csi;
        this.claims = claims;
        this.clock = clock;
    }

    /** The volumes of the pod that can be measured. */
    List<VolumeUsage> of(Pod pod) {
        Instant now = clock.instant();
        Look known = looks.get(PodFacts.uid(pod));
        if (known != null && now.isBefore(known.at().plus(KEPT))) {
            return known.found();
        }
        List<VolumeUsage> found = new ArrayList<>();
        for (Volume volume : pod.getSpec().getVolumes()) {
            measure(pod, volume).ifPresent(found::add);
        }
        looks.put(PodFacts.uid(pod), new Look(now, List.copyOf(found)));
        return found;
    }

    void forget(String uid) {
        looks.remove(uid);
    }

    private Optional<VolumeUsage> measure(Pod pod, Volume volume) {
        String uid = PodFacts.uid(pod);
        if (ClaimedVolumes.isClaimed(volume)) {
            Optional<ObjectKey> claim =
                    Optional.of(new ObjectKey(pod.getMetadata().getNamespace(), ClaimedVolumes.claimName(pod, volume)));
            return claims.known(pod, volume)
                    .flatMap(found -> found.managed() && !isPublished(pod, found.name())
                            ? VolumeDisk.whole(found.path())
                            : csi.measure(uid, found.name()))
                    .map(disk -> new VolumeUsage(volume.getName(), claim, disk.bytes(), disk.inodes()));
        }
        Optional<VolumeDisk> disk = volume.getCsi() != null
                ? csi.measure(uid, volume.getName())
                : OWN_KINDS.stream()
                        .map(kind -> pods.resolve(uid)
                                .resolve("volumes/kubernetes.io~" + kind)
                                .resolve(volume.getName()))
                        .filter(Files::isDirectory)
                        .findFirst()
                        .flatMap(folder -> isMemory(volume) ? VolumeDisk.whole(folder) : VolumeDisk.part(folder));
        return disk.map(each -> new VolumeUsage(volume.getName(), Optional.empty(), each.bytes(), each.inodes()));
    }

    private boolean isPublished(Pod pod, String volume) {
        try {
            return csi.isPublished(pod, volume);
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isMemory(Volume volume) {
        return volume.getEmptyDir() != null
                && "Memory".equals(volume.getEmptyDir().getMedium());
    }
}
