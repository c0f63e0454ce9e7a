package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.Node;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Tells each node how long it may use secrets and config maps unasked: the longer, the more nodes there are. */
public final class TtlController implements Reconciler<String> {

    private static final String NAME = "ttl-controller";
    private static final String TTL = "node.alpha.kubernetes.io/ttl";

    /** Sizes of clusters overlap, so that one node more or less doesn't change them all back and forth. */
    private static final List<Size> SIZES = List.of(
            new Size(0, 100, 0),
            new Size(90, 500, 15),
            new Size(450, 1000, 30),
            new Size(900, 2000, 60),
            new Size(1800, Integer.MAX_VALUE, 300));

    private record Size(int fewest, int most, int ttlSeconds) {}

    private final Store<Node> nodes;
    private final ResourceClient<Node> client;
    private volatile int step;

    private TtlController(Store<Node> nodes, ResourceClient<Node> client) {
        this.nodes = nodes;
        this.client = client;
    }

    static Controller create(ControllerContext context) {
        Informer<Node> nodes = context.informers().informer(Node.class);
        TtlController controller =
                new TtlController(nodes.store(), context.client().resource(Node.class));
        ReconcileLoop<String> loop = new ReconcileLoop<>(NAME, 1, controller, context.platform());
        nodes.addHandler(Handler.each(node -> {
            loop.queue().add(node.getMetadata().getName());
            int before = controller.step;
            controller.step = step(before, nodes.store().size());
            if (controller.step != before) {
                nodes.store()
                        .list()
                        .forEach(each -> loop.queue().add(each.getMetadata().getName()));
            }
        }));
        return Controller.of(NAME, List.of(nodes), loop);
    }

    /** The cluster's step among the sizes, which moves only when the present one no longer fits. */
    static int step(int before, int nodes) {
        int step = before;
        while (nodes > SIZES.get(step).most()) {
            step++;
        }
        while (nodes < SIZES.get(step).fewest()) {
            step--;
        }
        return step;
    }

    static int ttlSeconds(int step) {
        return SIZES.get(step).ttlSeconds();
    }

    @Override
    public Outcome reconcile(String name) {
        ObjectKey key = new ObjectKey("", name);
        Optional<Node> node = nodes.get(key);
        String ttl = Integer.toString(ttlSeconds(step));
        if (node.isEmpty() || ttl.equals(Ownership.annotations(node.get()).get(TTL))) {
            return Outcome.done();
        }
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("metadata").putObject("annotations").put(TTL, ttl);
        try {
            client.patch(key, PatchKind.MERGE, patch);
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
        return Outcome.done();
    }
}
