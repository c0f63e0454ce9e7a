package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.mokube.machinery.selector.LabelSelector;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How evenly a pod and those like it are to be spread over the values of a node label.
 *
 * @param maxSkew by how many pods a value may be ahead of the one with fewest
 * @param hard whether nodes that break this are out; otherwise they only count as worse
 * @param selector the pods that count, in the pod's own namespace; empty when none do
 * @param minDomains with fewer values than this the fewest pods count as none
 * @param honorAffinity whether nodes that the pod's node selector and affinity exclude are left out of the count
 * @param stated whether the pod states it; otherwise it is the cluster's default
 * @param honorTaints whether nodes whose taints the pod does not tolerate are left out of the count
 */
public record SpreadConstraint(
        String topologyKey,
        int maxSkew,
        boolean hard,
        Optional<LabelSelector> selector,
        int minDomains,
        boolean honorAffinity,
        boolean honorTaints,
        boolean stated) {

    private static final Set<String> SPREAD_OWNERS = Set.of("ReplicaSet", "ReplicationController", "StatefulSet");
    private static final Set<String> LABELS_OF_ONE_POD =
            Set.of("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index");

    static SpreadConstraint of(TopologySpreadConstraint constraint, Map<String, String> podLabels) {
        Optional<LabelSelector> selector = Selectors.of(constraint.getLabelSelector())
                .map(stated -> Selectors.withKeys(stated, constraint.getMatchLabelKeys(), List.of(), podLabels));
        return new SpreadConstraint(
                constraint.getTopologyKey(),
                constraint.getMaxSkew(),
                !"ScheduleAnyway".equals(constraint.getWhenUnsatisfiable()),
                selector,
                constraint.getMinDomains() == null ? 1 : constraint.getMinDomains(),
                !"Ignore".equals(constraint.getNodeAffinityPolicy()),
                "Honor".equals(constraint.getNodeTaintsPolicy()),
                true);
    }

    /**
     * The cluster's defaults for a pod that states no constraint: the replicas of one controller are spread over nodes
     * and zones as far as possible. Replicas of a controller are known by their labels being the same.
     */
    static List<SpreadConstraint> defaults(ObjectMeta metadata) {
        boolean replicated = false;
        for (OwnerReference owner : metadata.getOwnerReferences()) {
            replicated |= Boolean.TRUE.equals(owner.getController()) && SPREAD_OWNERS.contains(owner.getKind());
        }
        if (!replicated || metadata.getLabels() == null || metadata.getLabels().isEmpty()) {
            return List.of();
        }
        Map<String, String> shared = new HashMap<>(metadata.getLabels());
        shared.keySet().removeAll(LABELS_OF_ONE_POD);
        Optional<LabelSelector> selector = Optional.of(LabelSelector.ofLabels(shared));
        return List.of(
                new SpreadConstraint(NodeFacts.HOSTNAME, 3, false, selector, 1, true, false, false),
                new SpreadConstraint(NodeFacts.ZONE, 5, false, selector, 1, true, false, false));
    }
}
