package io.mokube.apiserver.crd;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The rules of CustomResourceDefinitions themselves. */
public final class DefinitionStrategy implements ResourceStrategy {

    /** Keeps a definition until its objects are gone. */
    static final String CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

    @Override
    public void applyDefaults(KubeObject definition) {
        if (!(definition.root().get("spec") instanceof ObjectNode spec)) {
            return;
        }
        if (spec.get("names") instanceof ObjectNode names) {
            String kind = names.path("kind").asString("");
            if (names.path("singular").asString("").isEmpty()) {
                names.put("singular", kind.toLowerCase(Locale.ROOT));
            }
            if (names.path("listKind").asString("").isEmpty() && !kind.isEmpty()) {
                names.put("listKind", kind + "List");
            }
        }
        ObjectNode conversion =
                spec.get("conversion") instanceof ObjectNode present ? present : spec.putObject("conversion");
        if (conversion.path("strategy").asString("").isEmpty()) {
            conversion.put("strategy", "None");
        }
        if (conversion.path("webhook").path("clientConfig").path("service") instanceof ObjectNode service
                && !service.has("port")) {
            service.put("port", 443);
        }
    }

    @Override
    public void prepareForCreate(KubeObject definition) {
        ObjectNode status = Json.MAPPER.createObjectNode();
        status.putArray("conditions");
        status.putObject("acceptedNames").put("plural", "").put("kind", "");
        status.putArray("storedVersions");
        definition.root().set("status", status);
        rememberStorageVersion(definition);
    }

    @Override
    public void prepareForUpdate(KubeObject definition, KubeObject old) {
        JsonNode status = old.root().get("status");
        if (status == null) {
            definition.root().remove("status");
        } else {
            definition.root().set("status", status.deepCopy());
        }
        rememberStorageVersion(definition);
    }

    private static void rememberStorageVersion(KubeObject definition) {
        ObjectNode status = DefinitionStatus.status(definition);
        ArrayNode stored =
                status.get("storedVersions") instanceof ArrayNode present ? present : status.putArray("storedVersions");
        for (JsonNode version : definition.at("spec", "versions")) {
            String name = version.path("name").asString("");
            boolean known = false;
            for (JsonNode each : stored) {
                known |= each.asString("").equals(name);
            }
            if (version.path("storage").asBoolean(false) && !known) {
                stored.add(name);
            }
        }
    }

    @Override
    public void prepareForSubresourceUpdate(String subresource, KubeObject definition, KubeObject old) {
        JsonNode status = definition.root().get("status");
        JsonNode metadata = definition.metadata();
        definition.root().removeAll();
        old.root().properties().forEach(field -> {
            if (!field.getKey().equals("status")) {
                definition.root().set(field.getKey(), field.getValue().deepCopy());
            }
        });
        definition.root().set("metadata", metadata);
        if (status != null) {
            definition.root().set("status", status);
        }
    }

    @Override
    public void prepareForDelete(KubeObject definition) {
        List<String> finalizers = new ArrayList<>(definition.finalizers());
        if (!definition.isBeingDeleted() && !finalizers.contains(CLEANUP)) {
            finalizers.add(CLEANUP);
            definition.setFinalizers(finalizers);
        }
    }

    @Override
    public void validateCreate(KubeObject definition, List<FieldError> errors) {
        DefinitionRules.validate(definition, null, errors);
    }

    @Override
    public void validateUpdate(KubeObject definition, KubeObject old, List<FieldError> errors) {
        DefinitionRules.validate(definition, old, errors);
    }

    @Override
    public void validateSubresourceUpdate(
            String subresource, KubeObject definition, KubeObject old, List<FieldError> errors) {
        DefinitionRules.validateStatus(definition, errors);
    }
}
