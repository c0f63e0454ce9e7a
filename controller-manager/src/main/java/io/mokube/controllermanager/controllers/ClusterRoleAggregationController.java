package io.mokube.controllermanager.controllers;

import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** Gives a cluster role with an aggregation rule the rules of all cluster roles that it selects. */
public final class ClusterRoleAggregationController implements Reconciler<String> {

    private static final String NAME = "clusterrole-aggregation-controller";
    private static final ResourceType<KubeObject> ROLES = ResourceType.dynamic(
            new GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterroles"), "ClusterRole", false);

    private final Store<KubeObject> roles;
    private final ResourceClient<KubeObject> client;

    private ClusterRoleAggregationController(Store<KubeObject> roles, ResourceClient<KubeObject> client) {
        this.roles = roles;
        this.client = client;
    }

    static Controller create(ControllerContext context) {
        Informer<KubeObject> roles = context.informers().informer(ROLES);
        ReconcileLoop<String> loop = new ReconcileLoop<>(
                NAME,
                1,
                new ClusterRoleAggregationController(
                        roles.store(), context.client().resource(ROLES)),
                context.platform());
        // Any role may be selected, now or before, by any of the few that gather.
        roles.addHandler(Handler.each(changed -> {
            for (KubeObject role : roles.store().list()) {
                if (role.at("aggregationRule").isObject()) {
                    loop.queue().add(role.name());
                }
            }
        }));
        return Controller.of(NAME, List.of(roles), loop);
    }

    @Override
    public Outcome reconcile(String name) {
        Optional<KubeObject> found = roles.get(new ObjectKey("", name));
        if (found.isEmpty() || !found.get().at("aggregationRule").isObject()) {
            return Outcome.done();
        }
        KubeObject role = found.get().deepCopy();
        ArrayNode gathered = gathered(role, roles.list());
        boolean isRight = gathered.equals(role.at("rules"))
                || (gathered.isEmpty() && role.at("rules").isEmpty());
        if (!isRight) {
            role.root().set("rules", gathered);
            client.update(role);
        }
        return Outcome.done();
    }

    /** The rules of all selected roles, each once, by the names of the roles, so that the order never changes. */
    static ArrayNode gathered(KubeObject role, List<KubeObject> all) {
        List<KubeObject> sorted =
                all.stream().sorted(Comparator.comparing(KubeObject::name)).toList();
        Set<JsonNode> rules = new LinkedHashSet<>();
        for (JsonNode selector : role.at("aggregationRule", "clusterRoleSelectors")) {
            LabelSelector selected = LabelSelector.ofJson(selector);
            for (KubeObject other : sorted) {
                if (!other.name().equals(role.name()) && selected.matches(other.labels())) {
                    other.at("rules").forEach(rules::add);
                }
            }
        }
        ArrayNode gathered = Json.MAPPER.createArrayNode();
        gathered.addAll(rules);
        return gathered;
    }
}
