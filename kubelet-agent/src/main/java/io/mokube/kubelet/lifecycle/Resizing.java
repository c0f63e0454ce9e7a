package io.mokube.kubelet.lifecycle;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mokube.kubelet.pods.PodFacts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far the change of a running pod's resources is. The pod of the decision carries what the node has granted it.
 *
 * @param pending why the node has not granted what the pod wants
 * @param applied what containers run with, by container id; those left out run with what was granted
 */
public record Resizing(Optional<Pending> pending, Map<String, ResourceRequirements> applied) {

    /** Nothing is to change. */
    public static final Resizing NONE = new Resizing(Optional.empty(), Map.of());

    private static final List<String> RESIZABLE = List.of("cpu", "memory");

    public Resizing {
        applied = Map.copyOf(applied);
    }

    /**
     * Why the node has not granted what the pod wants.
     *
     * @param reason Deferred or Infeasible
     */
    public record Pending(String reason, String message) {}

    /** What follows for a container. */
    enum Step {
        NOTHING,
        IN_PLACE,
        RESTART
    }

    /** What the running container with this id runs with. */
    ResourceRequirements actual(String id, Container granted) {
        ResourceRequirements known = applied.get(id);
        return known != null
                ? known
                : granted.getResources() != null ? granted.getResources() : new ResourceRequirements();
    }

    /** What is to be done about the running container with this id. */
    Step step(String id, Container granted) {
        ResourceRequirements actual = actual(id, granted);
        Step step = Step.NOTHING;
        for (String resource : RESIZABLE) {
            if (!same(actual, granted.getResources(), resource)) {
                boolean restart = granted.getResizePolicy().stream()
                        .anyMatch(policy -> resource.equals(policy.getResourceName())
                                && "RestartContainer".equals(policy.getRestartPolicy()));
                step = restart || step == Step.RESTART ? Step.RESTART : Step.IN_PLACE;
            }
        }
        return step;
    }

    /** Whether both say the same of cpu and memory. */
    public static boolean same(@Nullable ResourceRequirements one, @Nullable ResourceRequirements other) {
        return RESIZABLE.stream().allMatch(resource -> same(one, other, resource));
    }

    private static boolean same(
            @Nullable ResourceRequirements one, @Nullable ResourceRequirements other, String resource) {
        return PodFacts.amount(one == null ? null : one.getRequests(), resource)
                        == PodFacts.amount(other == null ? null : other.getRequests(), resource)
                && PodFacts.amount(one == null ? null : one.getLimits(), resource)
                        == PodFacts.amount(other == null ? null : other.getLimits(), resource);
    }
}
