package io.mokube.apiserver.verbs;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a disruption budget's status still allows. Pure functions over trees. */
final class DisruptionAllowance {

    private static final GroupResource BUDGET = new GroupResource("policy", "poddisruptionbudget");

    /** Evictions that the controller has not seen yet are remembered in the budget; it must not grow without bound. */
    private static final int MOST_DISRUPTED = 2000;

    private DisruptionAllowance() {}

    /**
     * Takes one disruption off the budget and notes the pod, which the controller no longer counts from then on.
     *
     * @throws ApiException 429 when none is allowed now, 403 when the status makes no sense
     */
    static void take(KubeObject budget, String pod, Instant now) {
        ObjectNode status = budget.root().withObjectProperty("status");
        long allowed = status.path("disruptionsAllowed").asLong(0);
        if (status.path("observedGeneration").asLong(0) < budget.generation()) {
            throw EvictionVerb.refused(
                    "The disruption budget " + budget.name() + " is still being processed by the server.", 10);
        }
        if (allowed < 0) {
            throw ApiException.forbidden(BUDGET, budget.name(), "pdb disruptions allowed is negative");
        }
        if (status.path("disruptedPods").size() > MOST_DISRUPTED) {
            throw ApiException.forbidden(
                    BUDGET,
                    budget.name(),
                    "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
        }
        if (allowed == 0) {
            String detail = "The disruption budget " + budget.name() + " needs "
                    + status.path("desiredHealthy").asLong(0) + " healthy pods and has "
                    + status.path("currentHealthy").asLong(0) + " currently";
            throw EvictionVerb.refused(detail, 0);
        }
        status.put("disruptionsAllowed", allowed - 1);
        status.withObjectProperty("disruptedPods").put(pod, Lifecycle.timestamp(now));
        if (allowed == 1) {
            exhaust(status, now);
        }
    }

    private static void exhaust(ObjectNode status, Instant now) {
        for (JsonNode condition : status.withArrayProperty("conditions")) {
            if (condition instanceof ObjectNode allowed
                    && allowed.path("type").asString("").equals("DisruptionAllowed")) {
                allowed.put("status", "False");
                allowed.put("reason", "InsufficientPods");
                allowed.put("message", "");
                allowed.put("lastTransitionTime", Lifecycle.timestamp(now));
            }
        }
    }
}
