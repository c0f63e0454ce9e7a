package io.mokube.controllermanager.controllers.disruption;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How many pods the controllers of some pods want together, each controller counted once.
 *
 * @param pods the sum
 * @param unmanaged the names of pods that no controller wants
 */
record ExpectedScale(int pods, List<String> unmanaged) {

    /** Nothing is counted. */
    static final ExpectedScale NONE = new ExpectedScale(0, List.of());

    /** What wants pods: the owner at the top, such as a ReplicaSet's Deployment. */
    record Scale(String uid, int replicas) {}

    /** Finds who wants the pods of a controller. */
    @FunctionalInterface
    interface Finder {
        /** Empty when the controller is gone, or is another one by now. */
        Optional<Scale> find(String namespace, OwnerReference controller);
    }

    /**
     * Asks for the scale of each controller once.
     *
     * @throws UncountableException when a pod's controller is gone
     */
    static ExpectedScale of(Collection<Pod> pods, Finder finder) {
        Map<String, Integer> scales = new HashMap<>();
        Set<String> asked = new HashSet<>();
        List<String> unmanaged = new ArrayList<>();
        for (Pod pod : pods) {
            Optional<OwnerReference> controller = Ownership.controllerOf(pod);
            String name = pod.getMetadata().getName();
            if (controller.isEmpty()) {
                unmanaged.add(name);
            } else if (asked.add(controller.get().getUid())) {
                Scale scale = finder.find(Ownership.namespace(pod), controller.get())
                        .orElseThrow(() -> new UncountableException("found no controllers for pod \"" + name + "\""));
                scales.put(scale.uid(), scale.replicas());
            }
        }
        return new ExpectedScale(
                scales.values().stream().mapToInt(Integer::intValue).sum(), List.copyOf(unmanaged));
    }
}
