package io.mokube.apiserver.verbs;

import io.mokube.apiserver.ownership.FieldSet;
import io.mokube.apiserver.ownership.Structures;
import io.mokube.apiserver.ownership.Versions;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ServedVersion;
import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The versions of one resource's objects, for keeping the books of their fields' owners. */
record ServedVersions(ResourceDefinition definition) implements Versions {

    @Override
    public @Nullable Schema schema(String apiVersion) {
        ServedVersion version = find(apiVersion);
        return version == null ? null : version.schema().get();
    }

    @Override
    public FieldSet structures(String apiVersion) {
        String version = GroupVersion.parse(apiVersion).version();
        return Structures.of(new GroupVersionKind(definition.group(), version, definition.kind()));
    }

    @Override
    public ObjectNode convert(ObjectNode object, String fromApiVersion, String toApiVersion) {
        ServedVersion from = find(fromApiVersion);
        ServedVersion to = find(toApiVersion);
        if (from == null || to == null || fromApiVersion.equals(toApiVersion)) {
            return object;
        }
        KubeObject converted = new KubeObject(object.deepCopy());
        from.conversion().toStorage(converted);
        to.conversion().fromStorage(converted);
        return converted.root();
    }

    /** A stored object in one of the versions; the object itself where there is nothing to convert. */
    ObjectNode ofStored(KubeObject object, String apiVersion) {
        ServedVersion version = find(apiVersion);
        if (version == null || object.apiVersion().equals(apiVersion)) {
            return object.root();
        }
        KubeObject converted = object.deepCopy();
        version.conversion().fromStorage(converted);
        return converted.root();
    }

    private @Nullable ServedVersion find(String apiVersion) {
        GroupVersion groupVersion = GroupVersion.parse(apiVersion);
        return groupVersion.group().equals(definition.group())
                ? definition.version(groupVersion.version()).orElse(null)
                : null;
    }
}
