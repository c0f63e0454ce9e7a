package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The index by which the pods of a node are found. */
public final class PodsOnNode {

    public static final String BY_NODE = "node";

    private PodsOnNode() {}

    /** Gives an informer the index that {@link #of} reads. */
    public static void index(Informer<Pod> pods) {
        pods.addIndex(BY_NODE, PodsOnNode::places);
    }

    /** The node's name, or nothing. */
    public static List<String> places(Pod pod) {
        return nodeOf(pod).stream().toList();
    }

    /** The pods of an indexed store that are bound to a node. */
    public static List<Pod> of(Store<Pod> indexed, String node) {
        return indexed.byIndex(BY_NODE, node);
    }

    /** The node a pod is bound to. */
    public static Optional<String> nodeOf(Pod pod) {
        @Nullable String node = pod.getSpec().getNodeName();
        return node == null || node.isEmpty() ? Optional.empty() : Optional.of(node);
    }
}
