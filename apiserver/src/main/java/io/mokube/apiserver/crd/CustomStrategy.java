package io.mokube.apiserver.crd;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.apiserver.resources.ScalePaths;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One version of a custom resource: the rules are those of its schema. */
final class CustomStrategy implements ResourceStrategy {

    private final Versions versions;
    private final String version;
    private final boolean status;
    private final ScalePaths scale;
    private final Map<String, Function<KubeObject, String>> selectable;

    /**
     * @param status whether the status is a subresource
     * @param selectable the paths that field selectors may name
     */
    CustomStrategy(Versions versions, String version, boolean status, ScalePaths scale, List<String> selectable) {
        this.versions = versions;
        this.version = version;
        this.status = status;
        this.scale = scale;
        Map<String, Function<KubeObject, String>> fields = new LinkedHashMap<>();
        for (String path : selectable) {
            JsonPath parsed = JsonPath.parse(path);
            fields.put(path.substring(1), object -> {
                List<JsonNode> found = parsed.find(object.root());
                return found.isEmpty() ? "" : found.getFirst().asString("");
            });
        }
        this.selectable = fields;
    }

    @Override
    public void prepareForCreate(KubeObject object) {
        if (status) {
            object.root().remove("status");
        }
    }

    @Override
    public void prepareForUpdate(KubeObject object, KubeObject old) {
        if (!status) {
            return;
        }
        JsonNode before = old.root().get("status");
        if (before == null) {
            object.root().remove("status");
        } else {
            object.root().set("status", before.deepCopy());
        }
    }

    @Override
    public void prepareForSubresourceUpdate(String subresource, KubeObject object, KubeObject old) {
        if (!subresource.equals("status")) {
            return;
        }
        JsonNode given = object.root().get("status");
        JsonNode owners = object.metadata().get("managedFields");
        object.root().removeAll();
        old.root().properties().forEach(field -> {
            if (!field.getKey().equals("status")) {
                object.root().set(field.getKey(), field.getValue().deepCopy());
            }
        });
        ObjectNode metadata = object.metadata();
        if (owners == null) {
            metadata.remove("managedFields");
        } else {
            metadata.set("managedFields", owners);
        }
        if (given != null) {
            object.root().set("status", given);
        }
    }

    @Override
    public void validateCreate(KubeObject object, List<FieldError> errors) {
        versions.form(version).validate(object, null, errors);
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        versions.form(version).validate(object, old, errors);
    }

    @Override
    public void validateSubresourceUpdate(
            String subresource, KubeObject object, KubeObject old, List<FieldError> errors) {
        versions.form(version).validate(object, old, errors);
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return selectable;
    }

    @Override
    public boolean countsStatus() {
        return !status;
    }

    @Override
    public ScalePaths scalePaths() {
        return scale;
    }

    @Override
    public void fromStored(KubeObject object) {
        versions.readForWrite(object, version);
    }

    @Override
    public KubeObject toStored(KubeObject object) {
        return versions.store(object);
    }

    @Override
    public boolean refresh(KubeObject stored) {
        return versions.refresh(stored);
    }
}
