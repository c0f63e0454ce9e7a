package io.mokube.apiserver.verbs;

import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** POST of a pod's binding: names the pod's node, once. */
final class BindingVerb implements Verb {

    private static final GroupResource PODS = new GroupResource("", "pods");

    private final Backend backend;
    private final Writes writes;

    BindingVerb(Backend backend) {
        this.backend = backend;
        this.writes = new Writes(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        WriteOptions options = WriteOptions.parse(request.query(), "CreateOptions");
        KubeObject binding = Bodies.readAs(request, "v1", "Binding", options.fieldValidation());
        String name = request.info().name().isEmpty()
                ? binding.name()
                : request.info().name();
        ObjectKey key = new ObjectKey(request.info().namespace(), name);
        String node = binding.at("target", "name").asString("");
        String kind = binding.at("target", "kind").asString("");
        if (node.isEmpty()) {
            throw invalid(name, FieldError.required("target.name", ""));
        }
        if (!kind.isEmpty() && !kind.equals("Node")) {
            throw invalid(name, FieldError.notSupported("target.kind", kind, List.of("Node", "<empty>")));
        }
        ResourceDefinition pods = backend.resources().find(PODS).orElseThrow();
        Writes.Writer writer = new Writes.Writer(request.user(), options.dryRun(), request::warn);
        writes.change(pods, key, writer, pod -> {
            if (pod == null) {
                throw ApiException.notFound(PODS, name);
            }
            bind(pod, binding, node);
            return new Change.Write(pod);
        });
        return new Answer.Document(201, Answers.created());
    }

    private void bind(KubeObject pod, KubeObject binding, String node) {
        String bound = pod.at("spec", "nodeName").asString("");
        if (!binding.uid().isEmpty() && !binding.uid().equals(pod.uid())) {
            throw ApiException.conflict(
                    PODS,
                    pod.name(),
                    "Precondition failed: UID in precondition: " + binding.uid() + ", UID in object meta: "
                            + pod.uid());
        }
        if (pod.isBeingDeleted()) {
            throw conflict(pod, "pod " + pod.name() + " is being deleted, cannot be assigned to a host");
        }
        if (!bound.isEmpty()) {
            throw conflict(pod, "pod " + pod.name() + " is already assigned to node \"" + bound + "\"");
        }
        if (!pod.at("spec", "schedulingGates").isEmpty()) {
            throw conflict(pod, "pod " + pod.name() + " has non-empty .spec.schedulingGates");
        }
        ((ObjectNode) pod.at("spec")).put("nodeName", node);
        for (Map.Entry<String, JsonNode> annotation :
                binding.at("metadata", "annotations").properties()) {
            pod.metadata().withObjectProperty("annotations").set(annotation.getKey(), annotation.getValue());
        }
        PodConditions.set(
                pod, "PodScheduled", "", "", backend.platform().clock().instant());
    }

    private static ApiException conflict(KubeObject pod, String detail) {
        return ApiException.conflict(new GroupResource("", "pods/binding"), pod.name(), detail);
    }

    private static ApiException invalid(String name, FieldError error) {
        return ApiException.invalid("", "Binding", name, List.of(error));
    }
}
