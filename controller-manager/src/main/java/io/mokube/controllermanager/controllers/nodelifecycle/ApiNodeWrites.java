package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes at the API server. */
final class ApiNodeWrites implements NodeWrites {

    private final ResourceClient<Node> nodes;
    private final ResourceClient<Pod> pods;
    private final EventRecorder events;

    ApiNodeWrites(ApiClient client, EventRecorder events) {
        this.nodes = client.resource(Node.class);
        this.pods = client.resource(Pod.class);
        this.events = events;
    }

    @Override
    public Optional<Node> conditions(Node node, List<NodeCondition> conditions) {
        return unlessChanged(() -> nodes.updateStatus(withConditions(node, conditions)));
    }

    @Override
    public Optional<Node> taints(Node node, List<Taint> taints) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("resourceVersion", node.getMetadata().getResourceVersion());
        ArrayNode array = patch.putObject("spec").putArray("taints");
        taints.forEach(taint -> array.add(Json.MAPPER.<ObjectNode>valueToTree(taint)));
        return unlessChanged(() -> nodes.patch(Ownership.key(node), PatchKind.MERGE, patch));
    }

    @Override
    public boolean notReady(Pod pod, Instant now) {
        return unlessChanged(() -> pods.updateStatus(withoutReadiness(pod, now)))
                .isPresent();
    }

    @Override
    public boolean evict(Pod pod, Instant now) {
        try {
            pods.updateStatus(disrupted(pod, now));
            pods.delete(
                    Ownership.key(pod),
                    DeleteOptions.DEFAULT.withUid(pod.getMetadata().getUid()));
            return true;
        } catch (ApiException e) {
            if (e.isNotFound()) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void report(HasMetadata about, EventRecorder.Type type, String reason, String message) {
        events.record(EventRecorder.reference(about), type, reason, message);
    }

    static Node withConditions(Node node, List<NodeCondition> conditions) {
        return new NodeBuilder(node)
                .editOrNewStatus()
                .withConditions(conditions)
                .endStatus()
                .build();
    }

    static Pod withoutReadiness(Pod pod, Instant now) {
        return new PodBuilder(pod)
                .editStatus()
                .editMatchingCondition(condition -> "Ready".equals(condition.getType()))
                .withStatus("False")
                .withLastTransitionTime(Times.format(now))
                .endCondition()
                .endStatus()
                .build();
    }

    /** The pod with the condition that tells its owner why it ended. */
    private static Pod disrupted(Pod pod, Instant now) {
        return new PodBuilder(pod)
                .editOrNewStatus()
                .removeMatchingFromConditions(condition -> "DisruptionTarget".equals(condition.getType()))
                .addToConditions(new PodConditionBuilder()
                        .withType("DisruptionTarget")
                        .withStatus("True")
                        .withReason("DeletionByTaintManager")
                        .withMessage("Taint manager: deleting due to NoExecute taint")
                        .withLastTransitionTime(Times.format(now))
                        .build())
                .endStatus()
                .build();
    }

    private static <T> Optional<T> unlessChanged(Supplier<T> write) {
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
