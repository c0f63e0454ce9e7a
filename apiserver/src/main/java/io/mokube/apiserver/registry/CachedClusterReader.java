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
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the cluster for admission. */
public final class CachedClusterReader implements ClusterReader {

    /** How many trees are kept, those of states that have passed among them. */
    private static final int MOST_SHARED = 1000;

    private final ResourceRegistry resources;
    private final WatchCache cache;
    private final ObjectStore objects;
    /** By identity: another state of an object is another {@link StoredObject}. */
    private final Map<StoredObject, KubeObject> shared = new ConcurrentHashMap<>();

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
        return list(resource, namespace, StoredObject::parse);
    }

    @Override
    public Optional<KubeObject> look(GroupResource resource, ObjectKey key) {
        return Optional.ofNullable(objects.getCached(definition(resource), key)).map(this::shared);
    }

    @Override
    public List<KubeObject> lookAtAll(GroupResource resource, String namespace) {
        return list(resource, namespace, this::shared);
    }

    /** The tree of this very state of an object. */
    private KubeObject shared(StoredObject object) {
        KubeObject tree = shared.get(object);
        if (tree == null) {
            if (shared.size() >= MOST_SHARED) {
                shared.clear();
            }
            tree = object.parse();
            shared.put(object, tree);
        }
        return tree;
    }

    private List<KubeObject> list(GroupResource resource, String namespace, Function<StoredObject, KubeObject> tree) {
        Selection selection = Selection.of(namespace);
        List<KubeObject> found = new ArrayList<>();
        cache.list(definition(resource).storedAs()).objects().scan(selection.firstKey(), entry -> {
            if (!selection.test(entry)) {
                return false;
            }
            found.add(tree.apply(entry.object()));
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
