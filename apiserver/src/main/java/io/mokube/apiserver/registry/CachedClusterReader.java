package io.mokube.apiserver.registry;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.cache.Selection;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the cluster for admission. */
public final class CachedClusterReader implements ClusterReader {

    private final ResourceRegistry resources;
    private final WatchCache cache;
    private final ObjectStore objects;

    public CachedClusterReader(ResourceRegistry resources, WatchCache cache, ObjectStore objects) {
        this.resources = resources;
        this.cache = cache;
        this.objects = objects;
    }

    @Override
    public Optional<KubeObject> get(GroupResource resource, ObjectKey key) {
        return tree(objects.getCached(definition(resource), key));
    }

    @Override
    public Optional<KubeObject> getFresh(GroupResource resource, ObjectKey key) {
        return tree(objects.getStored(definition(resource), key));
    }

    @Override
    public List<KubeObject> list(GroupResource resource, String namespace) {
        Selection selection = Selection.of(namespace);
        List<KubeObject> found = new ArrayList<>();
        cache.list(definition(resource).storedAs()).objects().scan(selection.firstKey(), entry -> {
            if (!selection.test(entry)) {
                return false;
            }
            found.add(entry.object().parse());
            return true;
        });
        return found;
    }

    private ResourceDefinition definition(GroupResource resource) {
        return resources.find(resource).orElseThrow(() -> new IllegalArgumentException(resource + " is not served"));
    }

    private static Optional<KubeObject> tree(@Nullable StoredObject object) {
        return Optional.ofNullable(object).map(StoredObject::parse);
    }
}
