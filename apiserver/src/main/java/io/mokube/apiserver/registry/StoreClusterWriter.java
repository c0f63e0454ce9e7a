package io.mokube.apiserver.registry;

import io.mokube.apiserver.admission.ClusterWriter;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.function.Consumer;

/** Writes to the cluster for admission, past admission itself. */
public final class StoreClusterWriter implements ClusterWriter {

    private final ResourceRegistry resources;
    private final ObjectStore objects;

    public StoreClusterWriter(ResourceRegistry resources, ObjectStore objects) {
        this.resources = resources;
        this.objects = objects;
    }

    @Override
    public void update(GroupResource resource, ObjectKey key, Consumer<KubeObject> change) {
        ResourceDefinition definition =
                resources.find(resource).orElseThrow(() -> new IllegalArgumentException(resource + " is not served"));
        try {
            objects.change(definition, key, current -> {
                if (current == null) {
                    throw ApiException.notFound(resource, key.name());
                }
                change.accept(current);
                return new Change.Write(current);
            });
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
