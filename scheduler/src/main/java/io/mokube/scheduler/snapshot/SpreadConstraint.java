package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How evenly a pod and those like it are to be spread over the values of a node label.
 *
 * @param maxSkew by how many pods a value may be ahead of the one with fewest
 * @param hard whether nodes that break this are out; otherwise they only count as worse
 * @param selector the pods that count, in the pod's own namespace; empty when none do
 * @param minDomains with fewer values than this the fewest pods count as none
 * @param honorAffinity whether nodes that the pod's node selector and affinity exclude are left out of the count
 * @param stated whether somebody states it, so that nodes without the labels are rated worst; not the system's defaults
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

    /** The system's defaults, whose selector is the pod's: over nodes and zones as far as possible. */
    public static final List<SpreadConstraint> SYSTEM_DEFAULTS = List.of(
            new SpreadConstraint(NodeFacts.HOSTNAME, 3, false, Optional.empty(), 1, true, false, false),
            new SpreadConstraint(NodeFacts.ZONE, 5, false, Optional.empty(), 1, true, false, false));

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

    /** A default, for pods that state no constraint. */
    public static SpreadConstraint ofDefault(TopologySpreadConstraint constraint) {
        return of(constraint, Map.of());
    }

    /** The same for these pods. */
    public SpreadConstraint selecting(LabelSelector pods) {
        return new SpreadConstraint(
                topologyKey, maxSkew, hard, Optional.of(pods), minDomains, honorAffinity, honorTaints, stated);
    }
}
