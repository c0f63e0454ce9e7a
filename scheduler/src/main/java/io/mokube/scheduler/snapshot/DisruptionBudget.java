package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import java.util.Optional;
import java.util.Set;

/**
 * How many of some pods may be disrupted now.
 *
 * @param selector the pods; empty when it can't be read
 * @param allowed how many more may go
 * @param disrupted names of pods whose disruption is counted already
 */
public record DisruptionBudget(ObjectKey key, Optional<LabelSelector> selector, int allowed, Set<String> disrupted) {

    public DisruptionBudget {
        disrupted = Set.copyOf(disrupted);
    }

    public static DisruptionBudget of(PodDisruptionBudget budget) {
        ObjectKey key = new ObjectKey(
                budget.getMetadata().getNamespace(), budget.getMetadata().getName());
        int allowed = 0;
        Set<String> disrupted = Set.of();
        if (budget.getStatus() != null) {
            Integer stated = budget.getStatus().getDisruptionsAllowed();
            allowed = stated == null ? 0 : stated;
            if (budget.getStatus().getDisruptedPods() != null) {
                disrupted = budget.getStatus().getDisruptedPods().keySet();
            }
        }
        return new DisruptionBudget(key, Selectors.of(budget.getSpec().getSelector()), allowed, disrupted);
    }

    /** Whether disrupting the pod uses this budget up. A pod without labels matches no budget, as in Kubernetes. */
    public boolean covers(PodInfo pod) {
        return key.namespace().equals(pod.key().namespace())
                && !pod.labels().isEmpty()
                && !disrupted.contains(pod.key().name())
                && selector.filter(pods -> !pods.isEmpty() && pods.matches(pod.labels()))
                        .isPresent();
    }
}
