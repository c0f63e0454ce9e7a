package io.mokube.scheduler.volumes;

import java.util.List;

/**
 * How a pod's unbound claims get volumes on one node.
 *
 * @param bindings claims that get volumes that are there
 * @param provisions claims for which volumes are to be made
 */
public record VolumePlan(List<Binding> bindings, List<ClaimFacts> provisions) {

    public static final VolumePlan NOTHING = new VolumePlan(List.of(), List.of());

    /** A claim and the volume it gets. */
    public record Binding(ClaimFacts claim, VolumeFacts volume) {}

    public VolumePlan {
        bindings = List.copyOf(bindings);
        provisions = List.copyOf(provisions);
    }

    public boolean isEmpty() {
        return bindings.isEmpty() && provisions.isEmpty();
    }
}
