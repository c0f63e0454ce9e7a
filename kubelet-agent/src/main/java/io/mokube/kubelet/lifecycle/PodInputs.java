package io.mokube.kubelet.lifecycle;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a decision about a pod looks at, apart from what is remembered.
 *
 * @param pod as last seen at the API server
 * @param wanted whether its object still exists there
 * @param probes what the probes say, by container id
 * @param inProgress the keys of the actions being carried out
 * @param hostAddresses the node's addresses, the primary one first
 * @param ending that the pod has to end, for a reason of the node's; null when it has not
 * @param resizing how far a change of its resources is
 * @param holdsDevices whether drivers have devices prepared for it
 * @param roomWanted whether the node needs the room that the containers of pods take up that have ended
 */
public record PodInputs(
        Pod pod,
        boolean wanted,
        RuntimeView view,
        Map<String, ProbeVerdict> probes,
        Set<String> inProgress,
        List<String> hostAddresses,
        Instant now,
        @Nullable Ending ending,
        Resizing resizing,
        boolean holdsDevices,
        boolean roomWanted) {

    /** A pod that the node lets be. */
    public PodInputs(
            Pod pod,
            boolean wanted,
            RuntimeView view,
            Map<String, ProbeVerdict> probes,
            Set<String> inProgress,
            List<String> hostAddresses,
            Instant now) {
        this(pod, wanted, view, probes, inProgress, hostAddresses, now, null, Resizing.NONE, false, false);
    }
}
