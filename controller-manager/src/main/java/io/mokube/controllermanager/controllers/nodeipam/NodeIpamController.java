package io.mokube.controllermanager.controllers.nodeipam;

import io.fabric8.kubernetes.api.model.Node;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Gives nodes that have none the ranges of their pods' addresses. Nodes that bring a range of their own keep it, and
 * nobody else gets it. A range is free again when its node's object is gone.
 */
public final class NodeIpamController implements Reconciler<String> {

    private static final String NAME = "node-ipam-controller";

    private final Store<Node> nodes;
    private final ResourceClient<Node> client;
    private final EventRecorder events;

    private final NodeRanges ranges;

    private NodeIpamController(
            Store<Node> nodes, ResourceClient<Node> client, EventRecorder events, NodeRanges ranges) {
        this.nodes = nodes;
        this.client = client;
        this.events = events;
        this.ranges = ranges;
    }

    /** The controller; it does nothing when nodes bring their own ranges. */
    public static Controller create(ControllerContext context) {
        NodeIpamConfig config = context.config().nodeIpam();
        if (!config.isOn()) {
            return Controller.of(NAME, List.of());
        }
        Informer<Node> nodes = context.informers().informer(Node.class);
        NodeIpamController controller = new NodeIpamController(
                nodes.store(),
                context.client().resource(Node.class),
                context.recorders().apply("cidrAllocator"),
                new NodeRanges(config));
        // One worker: each choice depends on all choices before it.
        ReconcileLoop<String> loop = new ReconcileLoop<>(NAME, 1, controller, context.platform());
        nodes.addHandler(new Handler<>() {
            @Override
            public void added(Node node) {
                loop.queue().add(node.getMetadata().getName());
            }

            @Override
            public void updated(Node before, Node now) {
                if (!NodeRanges.of(before).equals(NodeRanges.of(now))) {
                    loop.queue().add(now.getMetadata().getName());
                }
            }

            @Override
            public void deleted(Node last) {
                for (Node waiting : nodes.store().list()) {
                    if (NodeRanges.of(waiting).isEmpty()) {
                        loop.queue().add(waiting.getMetadata().getName());
                    }
                }
            }
        });
        return Controller.of(NAME, List.of(nodes), loop);
    }

    @Override
    public Outcome reconcile(String name) {
        Optional<Node> found = nodes.get(new ObjectKey("", name));
        if (found.isEmpty()) {
            return Outcome.done();
        }
        Node node = found.get();
        if (!NodeRanges.of(node).isEmpty()) {
            ranges.forget(node.getMetadata().getUid());
            return Outcome.done();
        }
        Optional<List<Cidr>> given = ranges.give(node, nodes.list());
        if (given.isEmpty()) {
            tell(node, "CIDRNotAvailable");
            return Outcome.giveUp("all ranges for pods are taken");
        }
        write(node, given.get());
        return Outcome.done();
    }

    private void write(Node node, List<Cidr> given) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").put("uid", node.getMetadata().getUid());
        ObjectNode spec = patch.putObject("spec");
        spec.put("podCIDR", given.getFirst().toString());
        ArrayNode all = spec.putArray("podCIDRs");
        given.forEach(range -> all.add(range.toString()));
        try {
            client.patch(Ownership.key(node), PatchKind.MERGE, patch);
        } catch (ApiException e) {
            if (e.code() >= HttpURLConnection.HTTP_INTERNAL_ERROR) {
                throw e; // it may have been done all the same
            }
            // The node is gone, or has a range that the cache has yet to show.
            ranges.forget(node.getMetadata().getUid());
            if (!e.isNotFound() && !e.isConflict()) {
                tell(node, "CIDRAssignmentFailed");
                throw e;
            }
        }
    }

    private void tell(Node node, String reason) {
        events.normal(node, reason, "Node " + node.getMetadata().getName() + " status is now: " + reason);
    }
}
