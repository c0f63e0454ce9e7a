package io.mokube.kubelet.resources;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodFacts;
import java.util.Collection;

/** Whether a node grants a running pod the resources it wants now, in Kubernetes' words. */
public final class Resize {

    private Resize() {}

    /** The node's answer. */
    public sealed interface Verdict {
        /** The pod has them from now on. */
        record Granted() implements Verdict {}

        /** Not beside the pods that there are now. */
        record Deferred(String message) implements Verdict {}

        /** Never on this node. */
        record Infeasible(String message) implements Verdict {}
    }

    /**
     * Decides.
     *
     * @param wanted the pod with what it wants
     * @param others the node's other pods that have not ended, with what they were granted
     */
    public static Verdict decide(Pod wanted, Collection<Pod> others, Admission.Node node) {
        if (PodFacts.isStatic(wanted)) {
            return new Verdict.Infeasible("In-place resize of static-pods is not supported");
        }
        return Admission.beyondCapacity(wanted, node.allocatable())
                .<Verdict>map(Verdict.Infeasible::new)
                .or(() -> Admission.shortage(wanted, others, node)
                        .map(refusal -> new Verdict.Deferred(refusal.message())))
                .orElseGet(Verdict.Granted::new);
    }
}
