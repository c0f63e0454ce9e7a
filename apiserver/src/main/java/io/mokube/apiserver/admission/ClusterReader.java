package io.mokube.apiserver.admission;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Optional;

/**
 * Reads other objects of the cluster, in their storage version, from the server's own cache. Callers may change what
 * they get.
 */
public interface ClusterReader {

    /** An object from the cache, which may be a moment behind. */
    Optional<KubeObject> get(GroupResource resource, ObjectKey key);

    /** An object as the store has it now: for the second look before a refusal. */
    Optional<KubeObject> getFresh(GroupResource resource, ObjectKey key);

    /** All objects of a resource, {@code ""} for all namespaces. */
    List<KubeObject> list(GroupResource resource, String namespace);
}
