package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Holds pods to the Pod Security Standard that their namespace names by labels: {@code enforce} refuses pods, {@code warn}
 * warns of pods and of workloads whose pods would break it. Without labels everything goes.
 */
public final class PodSecurity implements AdmissionPlugin {

    private static final GroupResource NAMESPACES = new GroupResource("", "namespaces");
    private static final String LABEL = "pod-security.kubernetes.io/";

    /** Where the pod's spec is in the objects that make pods. */
    private static final Map<String, List<String>> TEMPLATES = Map.of(
            "podtemplates", List.of("template", "spec"),
            "replicationcontrollers", List.of("spec", "template", "spec"),
            "replicasets.apps", List.of("spec", "template", "spec"),
            "deployments.apps", List.of("spec", "template", "spec"),
            "statefulsets.apps", List.of("spec", "template", "spec"),
            "daemonsets.apps", List.of("spec", "template", "spec"),
            "jobs.batch", List.of("spec", "template", "spec"),
            "cronjobs.batch", List.of("spec", "jobTemplate", "spec", "template", "spec"));

    private final ClusterReader cluster;

    public PodSecurity(ClusterReader cluster) {
        this.cluster = cluster;
    }

    @Override
    public String name() {
        return "PodSecurity";
    }

    @Override
    public void validate(AdmissionRequest request) {
        JsonNode spec = podSpec(request);
        if (spec == null) {
            return;
        }
        ObjectKey key = new ObjectKey("", request.namespace());
        Optional<KubeObject> namespace = cluster.look(NAMESPACES, key).or(() -> cluster.getFresh(NAMESPACES, key));
        Map<String, String> labels = namespace.map(KubeObject::labels).orElse(Map.of());
        boolean isPod = request.resource().groupResource().toString().equals("pods");
        if (isPod) {
            String broken = broken(labels, "enforce", spec);
            if (!broken.isEmpty()) {
                throw ApiException.forbidden(request.resource().groupResource(), request.name(), "violates " + broken);
            }
        }
        String doubtful = broken(labels, "warn", spec);
        if (!doubtful.isEmpty()) {
            request.warn().accept("would violate " + doubtful);
        }
    }

    /** The spec of the pods that the write is about; null when it is about none, or changes nothing that matters. */
    private static @Nullable JsonNode podSpec(AdmissionRequest request) {
        KubeObject object = request.object();
        if (object == null) {
            return null;
        }
        String resource = request.resource().groupResource().toString();
        if (resource.equals("pods")) {
            boolean isNew = request.operation() == Operation.CREATE
                    && request.subresource().isEmpty();
            return isNew || request.subresource().equals("ephemeralcontainers") ? object.at("spec") : null;
        }
        List<String> path = TEMPLATES.get(resource);
        if (path == null || !request.subresource().isEmpty()) {
            return null;
        }
        String[] steps = path.toArray(String[]::new);
        KubeObject old = request.old();
        boolean changes = old == null || !old.at(steps).equals(object.at(steps));
        return changes ? object.at(steps) : null;
    }

    /** What of the standard is broken, {@code ""} for nothing. */
    private static String broken(Map<String, String> labels, String mode, JsonNode spec) {
        String level = labels.getOrDefault(LABEL + mode, "privileged");
        String version = labels.getOrDefault(LABEL + mode + "-version", "latest");
        List<String> faults =
                switch (level) {
                    case "baseline" -> PodSecurityStandard.baseline(spec);
                    case "restricted" -> PodSecurityStandard.restricted(spec);
                    default -> List.of();
                };
        return faults.isEmpty() ? "" : "PodSecurity \"" + level + ":" + version + "\": " + String.join(", ", faults);
    }
}
