package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A new pod gets the number that its priority class stands for; a pod without one gets that of the default class. */
public final class Priority implements AdmissionPlugin {

    private static final GroupResource CLASSES = new GroupResource("scheduling.k8s.io", "priorityclasses");
    private static final GroupResource PODS = new GroupResource("", "pods");
    private static final String DEFAULT_POLICY = "PreemptLowerPriority";

    private final ClusterReader cluster;

    public Priority(ClusterReader cluster) {
        this.cluster = cluster;
    }

    @Override
    public String name() {
        return "Priority";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        KubeObject pod = request.object();
        if (pod == null || !request.isFor("", "pods") || !(pod.root().get("spec") instanceof ObjectNode spec)) {
            return;
        }
        KubeObject old = request.old();
        if (request.operation() == Operation.UPDATE && old != null) {
            // Clients that do not know these fields leave them out of an update.
            keepUnlessGiven(spec, old.at("spec"), "priority");
            keepUnlessGiven(spec, old.at("spec"), "preemptionPolicy");
        } else if (request.operation() == Operation.CREATE) {
            resolve(request, pod, spec);
        }
    }

    private static void keepUnlessGiven(ObjectNode spec, JsonNode old, String field) {
        if (!spec.has(field) && old.has(field)) {
            spec.set(field, old.path(field));
        }
    }

    private void resolve(AdmissionRequest request, KubeObject pod, ObjectNode spec) {
        int priority = 0;
        String policy = DEFAULT_POLICY;
        String className = spec.path("priorityClassName").asString("");
        Optional<KubeObject> priorityClass = className.isEmpty() ? defaultClass() : find(className);
        if (priorityClass.isPresent()) {
            priority = priorityClass.get().at("value").asInt(0);
            policy = priorityClass.get().at("preemptionPolicy").asString(DEFAULT_POLICY);
            spec.put("priorityClassName", priorityClass.get().name());
        } else if (!className.isEmpty()) {
            throw ApiException.forbidden(
                    PODS, name(request, pod), "no PriorityClass with name " + className + " was found");
        }
        if (spec.has("priority") && spec.path("priority").asInt(0) != priority) {
            throw ApiException.forbidden(
                    PODS,
                    name(request, pod),
                    "the integer value of priority (" + spec.path("priority").asInt(0)
                            + ") must not be provided in pod spec; priority admission controller computed " + priority
                            + " from the given PriorityClass name");
        }
        String givenPolicy = spec.path("preemptionPolicy").asString(policy);
        if (!givenPolicy.equals(policy)) {
            throw ApiException.forbidden(
                    PODS,
                    name(request, pod),
                    "the string value of PreemptionPolicy (" + givenPolicy
                            + ") must not be provided in pod spec; priority admission controller computed " + policy
                            + " from the given PriorityClass name");
        }
        spec.put("priority", priority);
        spec.put("preemptionPolicy", policy);
    }

    private Optional<KubeObject> find(String className) {
        ObjectKey key = new ObjectKey("", className);
        return cluster.look(CLASSES, key).or(() -> cluster.getFresh(CLASSES, key));
    }

    /** The class marked as default; the least important one should several be. */
    private Optional<KubeObject> defaultClass() {
        KubeObject least = null;
        for (KubeObject each : cluster.lookAtAll(CLASSES, "")) {
            boolean less = least == null
                    || each.at("value").asLong(0) < least.at("value").asLong(0);
            if (each.at("globalDefault").asBoolean(false) && less) {
                least = each;
            }
        }
        return Optional.ofNullable(least);
    }

    private static String name(AdmissionRequest request, KubeObject pod) {
        return request.name().isEmpty() ? pod.generateName() : request.name();
    }
}
