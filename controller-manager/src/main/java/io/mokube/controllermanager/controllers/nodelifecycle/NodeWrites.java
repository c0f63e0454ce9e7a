package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.mokube.client.event.EventRecorder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What is written about nodes that fell silent and their pods, each only if the object is still as it was read. */
interface NodeWrites {

    /** The node with these conditions; nothing when it changed meanwhile. */
    Optional<Node> conditions(Node node, List<NodeCondition> conditions);

    /** The node with these taints; nothing when it changed meanwhile. */
    Optional<Node> taints(Node node, List<Taint> taints);

    /** Makes a ready pod not ready; false when it changed meanwhile or is gone. */
    boolean notReady(Pod pod, Instant now);

    /**
     * Deletes a pod, which first is told why; false when it is gone already.
     *
     * @throws io.mokube.machinery.error.ApiException when it changed meanwhile
     */
    boolean evict(Pod pod, Instant now);

    /** Reports what happened. */
    void report(HasMetadata about, EventRecorder.Type type, String reason, String message);
}
