package io.mokube.apiserver.verbs;

import io.mokube.apiserver.protobuf.ProtobufDecoder;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.validation.DocumentSyntax;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.apiserver.validation.StrictDecoder;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads objects out of request bodies. */
final class Bodies {

    static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
    static final String ACCEPTED = "application/json, application/yaml, " + PROTOBUF;

    private Bodies() {}

    /** The object of a write, in the version of the path, its name and namespace those of the path. */
    static KubeObject read(ApiRequest request, Served served, FieldValidation fieldValidation) {
        KubeObject object =
                read(request, served.kind(), served.version().schema().get(), fieldValidation);
        fitToPath(request, served, object);
        return object;
    }

    /** An object of a built-in kind other than the path's resource. */
    static KubeObject readAs(ApiRequest request, String apiVersion, String kind, FieldValidation fieldValidation) {
        GroupVersionKind expected = GroupVersionKind.of(apiVersion, kind);
        return read(request, expected, BuiltInSchemas.lean().of(expected), fieldValidation);
    }

    /** An object of some kind. */
    static KubeObject read(ApiRequest request, GroupVersionKind kind, Schema schema, FieldValidation fieldValidation) {
        byte[] body = request.body();
        StrictDecoder.Decoded decoded = request.contentType().equals(PROTOBUF)
                ? StrictDecoder.decode(protobuf(body, kind), kind, schema, fieldValidation)
                : StrictDecoder.decode(body, syntax(request), kind, schema, fieldValidation);
        decoded.warnings().forEach(request::warn);
        return decoded.object();
    }

    /** The tree of a protobuf body; the kind it names is checked later. */
    static ObjectNode protobuf(byte[] body, @Nullable GroupVersionKind expected) {
        try {
            return ProtobufDecoder.decode(body, expected);
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest("the object provided is unrecognized: " + e.getMessage());
        }
    }

    private static DocumentSyntax syntax(ApiRequest request) {
        return switch (request.contentType()) {
            case "", "application/json" -> DocumentSyntax.JSON;
            case "application/yaml" -> DocumentSyntax.YAML;
            default -> throw ApiException.unsupportedMediaType(ACCEPTED);
        };
    }

    /** What the path says and the object does not is filled in; what they say differently is an error. */
    static void fitToPath(ApiRequest request, Served served, KubeObject object) {
        String name = request.info().name();
        if (!name.isEmpty()) {
            if (object.name().isEmpty()) {
                object.setMetadata("name", name);
            } else if (!object.name().equals(name)) {
                throw ApiException.badRequest("the name of the object (" + object.name()
                        + ") does not match the name on the URL (" + name + ")");
            }
        }
        if (!served.definition().namespaced()) {
            return;
        }
        String namespace = request.info().namespace();
        if (object.namespace().isEmpty()) {
            object.setMetadata("namespace", namespace);
        } else if (!object.namespace().equals(namespace)) {
            throw ApiException.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request");
        }
    }
}
