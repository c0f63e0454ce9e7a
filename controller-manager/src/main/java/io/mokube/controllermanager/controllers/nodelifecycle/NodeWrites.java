package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Taint;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes about nodes, each only if the node is still as it was when the write was decided. */
final class NodeWrites {

    private final ResourceClient<Node> nodes;

    NodeWrites(ResourceClient<Node> nodes) {
        this.nodes = nodes;
    }

    /** The node with these conditions; nothing when it changed meanwhile. */
    Optional<Node> conditions(Node node, List<NodeCondition> conditions) {
        Node changed = new NodeBuilder(node)
                .editOrNewStatus()
                .withConditions(conditions)
                .endStatus()
                .build();
        return unlessChanged(() -> nodes.updateStatus(changed));
    }

    /** The node with these taints; nothing when it changed meanwhile. */
    Optional<Node> taints(Node node, List<Taint> taints) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("resourceVersion", node.getMetadata().getResourceVersion());
        ArrayNode array = patch.putObject("spec").putArray("taints");
        taints.forEach(taint -> array.add(Json.MAPPER.<ObjectNode>valueToTree(taint)));
        return unlessChanged(() -> nodes.patch(Ownership.key(node), PatchKind.MERGE, patch));
    }

    private static Optional<Node> unlessChanged(Supplier<Node> write) {
        try {
            return Optional.of(write.get());
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
