package io.mokube.apiserver.verbs;

import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.crd.CustomResources;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.List;

/** Asks for the deletion of all objects of a resource that ends, the way their owners would ask. */
public final class AllInstances implements CustomResources.InstanceRemoval {

    private static final DeleteOptions PLAIN = new DeleteOptions(false, null, null, "", "");

    private final Backend backend;

    public AllInstances(Backend backend) {
        this.backend = backend;
    }

    @Override
    public void removeAll(ResourceDefinition definition) {
        WatchCache.Listing listing = backend.cache().list(definition.storedAs());
        List<ObjectKey> keys = new ArrayList<>();
        listing.objects().scan("", entry -> keys.add(Paths.objectKey(entry.key())));
        for (ObjectKey key : keys) {
            remove(definition, key);
        }
    }

    private void remove(ResourceDefinition definition, ObjectKey key) {
        try {
            backend.objects().change(definition, key, current -> {
                if (current == null) {
                    throw ApiException.notFound(definition.groupResource(), key.name());
                }
                return current.isBeingDeleted()
                        ? new Change.Keep()
                        : Deletion.decide(
                                definition,
                                current,
                                PLAIN,
                                backend.platform().clock().instant());
            });
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
