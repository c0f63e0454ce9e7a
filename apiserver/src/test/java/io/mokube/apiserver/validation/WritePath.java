package io.mokube.apiserver.validation;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;

/** The pure part of a write, in the order the server takes: decode, default, prepare, validate. For tests. */
public final class WritePath {

    private static final ResourceRegistry REGISTRY = ResourceRegistry.ofBuiltIns();

    private WritePath() {}

    /** JSON with apostrophes in place of quotes. */
    public static byte[] json(String text) {
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    public static ResourceDefinition resource(String group, String plural) {
        return REGISTRY.find(group, plural).orElseThrow();
    }

    public static StrictDecoder.Decoded decode(
            ResourceDefinition resource, String text, FieldValidation fieldValidation) {
        GroupVersionKind kind = resource.storageKind();
        return StrictDecoder.decode(
                json(text),
                DocumentSyntax.JSON,
                kind,
                resource.storage().schema().get(),
                fieldValidation);
    }

    /** A decoded object with its defaults. */
    public static KubeObject defaulted(ResourceDefinition resource, String text) {
        KubeObject object = decode(resource, text, FieldValidation.STRICT).object();
        if (resource.namespaced() && object.namespace().isEmpty()) {
            object.setMetadata("namespace", "default");
        }
        ObjectRules.applyDefaults(resource, object);
        return object;
    }

    /** What a create stores. */
    public static KubeObject create(ResourceDefinition resource, String text) {
        KubeObject object = defaulted(resource, text);
        object.setMetadata("uid", "uid-1");
        resource.strategy().prepareForCreate(object);
        ObjectRules.validateCreate(resource, object);
        return object;
    }

    /** What an update stores. */
    public static KubeObject update(ResourceDefinition resource, KubeObject old, String text) {
        KubeObject object = defaulted(resource, text);
        object.setMetadata("uid", old.uid().isEmpty() ? null : old.uid());
        resource.strategy().prepareForUpdate(object, old);
        ObjectRules.validateUpdate(resource, object, old);
        return object;
    }

    /** What an update of the status stores. */
    public static KubeObject updateStatus(ResourceDefinition resource, KubeObject old, String text) {
        KubeObject object = decode(resource, text, FieldValidation.STRICT).object();
        object.setMetadata("namespace", old.namespace());
        object.setMetadata("uid", old.uid().isEmpty() ? null : old.uid());
        resource.strategy().prepareForSubresourceUpdate("status", object, old);
        ObjectRules.validateSubresourceUpdate(resource, "status", object, old);
        return object;
    }
}
