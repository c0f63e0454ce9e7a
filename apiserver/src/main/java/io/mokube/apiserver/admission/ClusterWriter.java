package io.mokube.apiserver.admission;

import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.function.Consumer;

/** Changes other objects of the cluster, for plugins that keep account of something there. */
@FunctionalInterface
public interface ClusterWriter {

    /**
     * Changes an object by compare and swap. Nothing happens when there is none.
     *
     * @param change given the object as it is, which it changes; called again with what the object has become when
     *     somebody else was faster. What the last call saw is the present state, even when it changed nothing
     */
    void update(GroupResource resource, ObjectKey key, Consumer<KubeObject> change);
}
