package io.mokube.apiserver.admission.match;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.resources.Conversion;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A write as webhooks and policies hear of it: the fields of an AdmissionReview's request. */
public final class Description {

    private Description() {}

    /** The version that the objects of a request are in. */
    public static String version(AdmissionRequest request) {
        KubeObject object = request.object() != null ? request.object() : request.old();
        return object == null
                ? request.resource().storageVersion()
                : object.groupVersionKind().version();
    }

    /** Turns an object into another version of its resource, in place. */
    public static void convert(ResourceDefinition resource, KubeObject object, String to) {
        String from = object.groupVersionKind().version();
        if (!from.equals(to)) {
            conversion(resource, from).toStorage(object);
            conversion(resource, to).fromStorage(object);
        }
    }

    private static Conversion conversion(ResourceDefinition resource, String version) {
        return resource.version(version).orElseThrow().conversion();
    }

    /** One of the request's objects in a version of its resource; it is not changed. Of other kinds there is but one. */
    public static @Nullable KubeObject inVersion(
            AdmissionRequest request, @Nullable KubeObject object, String version) {
        if (object == null
                || !isOwnKind(request)
                || object.groupVersionKind().version().equals(version)) {
            return object;
        }
        KubeObject copy = object.deepCopy();
        convert(request.resource(), copy, version);
        return copy;
    }

    /** Everything but the objects and an ID. */
    public static ObjectNode attributes(AdmissionRequest request, String shown) {
        ResourceDefinition resource = request.resource();
        ObjectNode asked = Json.MAPPER.createObjectNode();
        String version = version(request);
        boolean isOwnKind = isOwnKind(request);
        GroupVersionKind kind = isOwnKind || request.object() == null
                ? new GroupVersionKind(resource.group(), shown, resource.kind())
                : request.object().groupVersionKind();
        writeKind(asked.putObject("kind"), kind);
        writeResource(asked.putObject("resource"), resource, shown);
        if (!request.subresource().isEmpty()) {
            asked.put("subResource", request.subresource());
        }
        writeKind(
                asked.putObject("requestKind"),
                isOwnKind ? new GroupVersionKind(resource.group(), version, resource.kind()) : kind);
        writeResource(asked.putObject("requestResource"), resource, isOwnKind ? version : shown);
        if (!request.subresource().isEmpty()) {
            asked.put("requestSubResource", request.subresource());
        }
        if (!request.name().isEmpty()) {
            asked.put("name", request.name());
        }
        if (!request.namespace().isEmpty()) {
            asked.put("namespace", request.namespace());
        }
        asked.put("operation", request.operation().name());
        writeUser(asked.putObject("userInfo"), request.user());
        asked.put("dryRun", request.dryRun());
        ObjectNode options = asked.putObject("options");
        options.put(
                "kind",
                switch (request.operation()) {
                    case CREATE -> "CreateOptions";
                    case UPDATE -> "UpdateOptions";
                    case DELETE -> "DeleteOptions";
                    case CONNECT -> "ConnectOptions";
                });
        options.put("apiVersion", "meta.k8s.io/v1");
        return asked;
    }

    /** Whether the request's object is of the resource's kind, as it is except on a few subresources. */
    private static boolean isOwnKind(AdmissionRequest request) {
        KubeObject object = request.object();
        return object == null || object.kind().equals(request.resource().kind());
    }

    private static void writeKind(ObjectNode node, GroupVersionKind kind) {
        node.put("group", kind.group()).put("version", kind.version()).put("kind", kind.kind());
    }

    private static void writeResource(ObjectNode node, ResourceDefinition resource, String version) {
        node.put("group", resource.group()).put("version", version).put("resource", resource.plural());
    }

    private static void writeUser(ObjectNode node, User user) {
        node.put("username", user.name());
        if (!user.uid().isEmpty()) {
            node.put("uid", user.uid());
        }
        ArrayNode groups = node.putArray("groups");
        user.groups().forEach(groups::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = node.putObject("extra");
            for (Map.Entry<String, List<String>> each : user.extra().entrySet()) {
                ArrayNode values = extra.putArray(each.getKey());
                each.getValue().forEach(values::add);
            }
        }
    }
}
