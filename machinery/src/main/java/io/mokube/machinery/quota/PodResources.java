package io.mokube.machinery.quota;

import io.mokube.machinery.object.KubeObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * What a whole pod requests or is limited to, by Kubernetes' rule: containers and sidecars run together; an init
 * container runs alone beside the sidecars started before it; the larger of both counts. What is stated for the pod as a
 * whole replaces the sum.
 */
public enum PodResources {
    REQUESTS("requests"),
    LIMITS("limits");

    private final String field;

    PodResources(String field) {
        this.field = field;
    }

    /** What the spec asks for, without the pod's overhead. */
    public Amounts asked(KubeObject pod) {
        return withPodLevel(pod, sum(pod, container -> Amounts.of(ofContainer(container))));
    }

    /**
     * What the pod counts for: what the spec asks for and the overhead. While a container is being resized the larger of
     * what it asks for and what it has counts; when it can't be resized, what it has.
     */
    public Amounts counted(KubeObject pod) {
        Map<String, JsonNode> statuses = new HashMap<>();
        for (String list : new String[] {"containerStatuses", "initContainerStatuses"}) {
            for (JsonNode status : pod.at("status", list)) {
                statuses.put(status.path("name").asString(""), status);
            }
        }
        boolean infeasible = isResizeInfeasible(pod);
        Amounts sum = withPodLevel(
                pod,
                sum(
                        pod,
                        container -> counted(
                                container,
                                Optional.ofNullable(
                                        statuses.get(container.path("name").asString(""))),
                                infeasible)));
        Amounts overhead = Amounts.of(pod.at("spec", "overhead"));
        return sum.plus(this == LIMITS ? overhead.only(sum::has) : overhead);
    }

    private Amounts counted(JsonNode container, Optional<JsonNode> status, boolean infeasible) {
        Amounts asked = Amounts.of(ofContainer(container));
        JsonNode resources = status.map(each -> each.path("resources")).orElse(MissingNode.getInstance());
        if (!resources.isObject()) {
            return asked;
        }
        Amounts has = Amounts.of(resources.path(field));
        if (this == REQUESTS) {
            has = has.max(Amounts.of(status.orElseThrow().path("allocatedResources")));
        }
        return infeasible ? has : asked.max(has);
    }

    private JsonNode ofContainer(JsonNode container) {
        return container.path("resources").path(field);
    }

    private static Amounts sum(KubeObject pod, Function<JsonNode, Amounts> ofContainer) {
        Amounts running = Amounts.NONE;
        for (JsonNode container : pod.at("spec", "containers")) {
            running = running.plus(ofContainer.apply(container));
        }
        Amounts sidecars = Amounts.NONE;
        Amounts starting = Amounts.NONE;
        for (JsonNode container : pod.at("spec", "initContainers")) {
            Amounts own = ofContainer.apply(container);
            if (container.path("restartPolicy").asString("").equals("Always")) {
                sidecars = sidecars.plus(own);
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(sidecars.plus(own));
            }
        }
        return running.plus(sidecars).max(starting);
    }

    private Amounts withPodLevel(KubeObject pod, Amounts sum) {
        return Amounts.of(pod.at("spec", "resources", field))
                .only(PodResources::isPodLevel)
                .orElse(sum);
    }

    private static boolean isPodLevel(String name) {
        return name.equals("cpu") || name.equals("memory") || name.startsWith("hugepages-");
    }

    /** Whether the pod states resources for itself as a whole. */
    static boolean hasPodLevel(KubeObject pod) {
        for (PodResources each : values()) {
            if (!Amounts.of(pod.at("spec", "resources", each.field))
                    .only(PodResources::isPodLevel)
                    .isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private static boolean isResizeInfeasible(KubeObject pod) {
        for (JsonNode condition : pod.at("status", "conditions")) {
            if (condition.path("type").asString("").equals("PodResizePending")
                    && condition.path("reason").asString("").equals("Infeasible")) {
                return true;
            }
        }
        return false;
    }
}
