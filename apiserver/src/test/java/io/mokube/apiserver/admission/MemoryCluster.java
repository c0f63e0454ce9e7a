package io.mokube.apiserver.admission;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** A cluster of a few objects, for tests of plugins. */
final class MemoryCluster implements ClusterReader {

    private final Map<GroupResource, Map<ObjectKey, KubeObject>> objects = new HashMap<>();

    MemoryCluster with(String group, String plural, String json) {
        KubeObject object = new KubeObject((ObjectNode) Json.MAPPER.readTree(json.replace('\'', '"')));
        objects.computeIfAbsent(new GroupResource(group, plural), key -> new HashMap<>())
                .put(object.key(), object);
        return this;
    }

    @Override
    public Optional<KubeObject> get(GroupResource resource, ObjectKey key) {
        return Optional.ofNullable(objects.getOrDefault(resource, Map.of()).get(key))
                .map(KubeObject::deepCopy);
    }

    @Override
    public Optional<KubeObject> getFresh(GroupResource resource, ObjectKey key) {
        return get(resource, key);
    }

    @Override
    public List<KubeObject> list(GroupResource resource, String namespace) {
        List<KubeObject> list = new ArrayList<>();
        objects.getOrDefault(resource, Map.of()).forEach((key, object) -> {
            if (namespace.isEmpty() || key.namespace().equals(namespace)) {
                list.add(object.deepCopy());
            }
        });
        return list;
    }
}
