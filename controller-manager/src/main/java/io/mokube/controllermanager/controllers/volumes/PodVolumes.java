package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which pods use which claims. */
public final class PodVolumes {

    private static final String BY_CLAIM = "claim";

    private PodVolumes() {}

    public static List<Volume> volumes(Pod pod) {
        @Nullable List<Volume> volumes = pod.getSpec().getVolumes();
        return volumes == null ? List.of() : volumes;
    }

    /** The claim behind a pod's volume: one that it names, or its own of an ephemeral volume. */
    public static Optional<ObjectKey> claim(Pod pod, Volume volume) {
        if (volume.getPersistentVolumeClaim() != null) {
            return Optional.of(new ObjectKey(
                    Ownership.namespace(pod), volume.getPersistentVolumeClaim().getClaimName()));
        }
        return volume.getEphemeral() == null ? Optional.empty() : Optional.of(ephemeralClaim(pod, volume));
    }

    /** The claim of a pod's ephemeral volume. */
    public static ObjectKey ephemeralClaim(Pod pod, Volume volume) {
        return new ObjectKey(Ownership.namespace(pod), pod.getMetadata().getName() + "-" + volume.getName());
    }

    /** Every claim a pod uses. */
    public static List<ObjectKey> claims(Pod pod) {
        return volumes(pod).stream()
                .map(volume -> claim(pod, volume))
                .flatMap(Optional::stream)
                .toList();
    }

    /** Gives an informer the index that {@link #users} reads. */
    public static void index(Informer<Pod> pods) {
        pods.addIndex(
                BY_CLAIM, pod -> claims(pod).stream().map(ObjectKey::toString).toList());
    }

    /** The pods of an indexed store that use a claim. */
    public static List<Pod> users(Store<Pod> pods, ObjectKey claim) {
        return pods.byIndex(BY_CLAIM, claim.toString());
    }
}
