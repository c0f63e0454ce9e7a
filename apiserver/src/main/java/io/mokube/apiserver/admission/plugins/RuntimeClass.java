package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A pod that names a runtime class gets its overhead, its node selector and its tolerations. */
public final class RuntimeClass implements AdmissionPlugin {

    private static final GroupResource CLASSES = new GroupResource("node.k8s.io", "runtimeclasses");
    private static final GroupResource PODS = new GroupResource("", "pods");

    private final ClusterReader cluster;

    public RuntimeClass(ClusterReader cluster) {
        this.cluster = cluster;
    }

    @Override
    public String name() {
        return "RuntimeClass";
    }

    @Override
    public void mutate(AdmissionRequest request) {
        KubeObject pod = request.object();
        if (pod == null
                || request.operation() != Operation.CREATE
                || !request.isFor("", "pods")
                || !(pod.root().get("spec") instanceof ObjectNode spec)) {
            return;
        }
        Optional<KubeObject> found = find(request, spec);
        if (found.isEmpty()) {
            return;
        }
        JsonNode overhead = found.get().at("overhead", "podFixed");
        if (overhead.isObject()) {
            if (spec.path("overhead").isObject() && !spec.path("overhead").equals(overhead)) {
                throw refused(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
            }
            spec.set("overhead", overhead.deepCopy());
        }
        JsonNode scheduling = found.get().at("scheduling");
        for (Map.Entry<String, JsonNode> label : scheduling.path("nodeSelector").properties()) {
            ObjectNode selector = spec.withObjectProperty("nodeSelector");
            JsonNode present = selector.path(label.getKey());
            if (!present.isMissingNode() && !present.equals(label.getValue())) {
                throw refused(
                        request,
                        "pod rejected: conflict: runtimeClass.scheduling.nodeSelector["
                                + label.getKey() + "] = " + label.getValue().asString("") + "; pod.spec.nodeSelector["
                                + label.getKey() + "] = " + present.asString(""));
            }
            selector.set(label.getKey(), label.getValue());
        }
        for (JsonNode toleration : scheduling.path("tolerations")) {
            ArrayNode tolerations = spec.withArrayProperty("tolerations");
            boolean isThere = false;
            for (JsonNode present : tolerations) {
                isThere |= present.equals(toleration);
            }
            if (!isThere) {
                tolerations.add(toleration.deepCopy());
            }
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        KubeObject pod = request.object();
        if (pod != null
                && request.operation() == Operation.CREATE
                && request.isFor("", "pods")
                && pod.at("spec", "overhead").isObject()
                && pod.at("spec", "runtimeClassName").asString("").isEmpty()) {
            throw refused(
                    request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
        }
    }

    private Optional<KubeObject> find(AdmissionRequest request, ObjectNode spec) {
        String name = spec.path("runtimeClassName").asString("");
        if (name.isEmpty()) {
            return Optional.empty();
        }
        ObjectKey key = new ObjectKey("", name);
        Optional<KubeObject> found = cluster.get(CLASSES, key).or(() -> cluster.getFresh(CLASSES, key));
        if (found.isEmpty()) {
            throw refused(request, "pod rejected: RuntimeClass \"" + name + "\" not found");
        }
        return found;
    }

    private static ApiException refused(AdmissionRequest request, String detail) {
        return ApiException.forbidden(PODS, request.name(), detail);
    }
}
