package io.mokube.apiserver.admission;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Optional;

/**
 * Reads other objects of the cluster, in their storage version, from the server's own cache. Callers may change what
 * they get, but not what they look at.
 */
public interface ClusterReader {

    /** An object from the cache, which may be a moment behind. */
    Optional<KubeObject> get(GroupResource resource, ObjectKey key);

    /** An object as the store has it now: for the second look before a refusal. */
    Optional<KubeObject> getFresh(GroupResource resource, ObjectKey key);

    /** All objects of a resource, {@code ""} for all namespaces. */
    List<KubeObject> list(GroupResource resource, String namespace);

    /**
     * What {@link #get} finds, shared by all who look at it and not to be changed: for small objects that very many
     * requests look at.
     */
    default Optional<KubeObject> look(GroupResource resource, ObjectKey key) {
        return get(resource, key);
    }

    /** What {@link #list} finds, shared like that of {@link #look}. */
    default List<KubeObject> lookAtAll(GroupResource resource, String namespace) {
        return list(resource, namespace);
    }
}
