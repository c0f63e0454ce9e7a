package io.mokube.controllermanager.controllers;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class ClusterRoleAggregationControllerTest {

    private static KubeObject role(String name, String label, String... verbs) {
        KubeObject role = KubeObject.of("rbac.authorization.k8s.io/v1", "ClusterRole");
        role.setMetadata("name", name);
        role.metadata().putObject("labels").put("gather", label);
        for (String verb : verbs) {
            ObjectNode rule = role.root().withArrayProperty("rules").addObject();
            rule.putArray("verbs").add(verb);
        }
        return role;
    }

    private static KubeObject gathering(String name, String... labels) {
        KubeObject role = role(name, labels[0]);
        ObjectNode rule = role.root().putObject("aggregationRule");
        for (String label : labels) {
            rule.withArrayProperty("clusterRoleSelectors")
                    .addObject()
                    .putObject("matchLabels")
                    .put("gather", label);
        }
        return role;
    }

    @Test
    void gathersEachRuleOnceInTheOrderOfNames() {
        KubeObject role = gathering("all", "x", "y");
        List<KubeObject> roles = List.of(
                role("d", "y", "watch", "get"),
                role("b", "x", "list"),
                role("a", "x", "get"),
                role,
                role("z", "w", "delete"));
        assertThat((Object) ClusterRoleAggregationController.gathered(role, roles))
                .isEqualTo(
                        Json.MAPPER.readTree("[{\"verbs\":[\"get\"]},{\"verbs\":[\"list\"]},{\"verbs\":[\"watch\"]}]"));
    }

    @Test
    void gathersNothingWithoutSelectors() {
        KubeObject role = gathering("all", "x");
        role.root().putObject("aggregationRule");
        assertThat((Object) ClusterRoleAggregationController.gathered(role, List.of(role("a", "x", "get"))))
                .isEqualTo(Json.MAPPER.createArrayNode());
    }
}
