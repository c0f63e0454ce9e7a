package io.mokube.apiserver.protobuf;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import io.mokube.apiserver.protobuf.MessagePlan.FieldPlan;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Holds descriptors and schemas against each other: a field that one has and the other lacks would be lost silently. */
class MessagePlanTest {

    private static final List<String> PACKAGES = List.of(
            "io.k8s.api.admissionregistration.v1",
            "io.k8s.api.apps.v1",
            "io.k8s.api.authentication.v1",
            "io.k8s.api.authorization.v1",
            "io.k8s.api.autoscaling.v1",
            "io.k8s.api.autoscaling.v2",
            "io.k8s.api.batch.v1",
            "io.k8s.api.certificates.v1",
            "io.k8s.api.coordination.v1",
            "io.k8s.api.core.v1",
            "io.k8s.api.discovery.v1",
            "io.k8s.api.events.v1",
            "io.k8s.api.flowcontrol.v1",
            "io.k8s.api.networking.v1",
            "io.k8s.api.node.v1",
            "io.k8s.api.policy.v1",
            "io.k8s.api.rbac.v1",
            "io.k8s.api.resource.v1",
            "io.k8s.api.scheduling.v1",
            "io.k8s.api.storage.v1",
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1",
            BuiltInSchemas.metaPackage());

    @Test
    void everyFieldOfEverySchemaArrivesByProtobuf() {
        Set<String> missing = new TreeSet<>();
        for (String each : PACKAGES) {
            for (Map.Entry<String, Schema> definition :
                    BuiltInSchemas.lean().inPackage(each).entrySet()) {
                Descriptor message = Messages.find(definition.getKey()).orElseThrow();
                Set<String> reached = names(MessagePlan.of(message));
                for (String property :
                        ((ObjectSchema) definition.getValue()).properties().keySet()) {
                    if (!reached.contains(property) && !property.equals("kind") && !property.equals("apiVersion")) {
                        missing.add(definition.getKey() + " " + property);
                    }
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void theTablesOfZeroesNameFieldsThatExist() {
        Set<String> known = new HashSet<>();
        for (String each : PACKAGES) {
            BuiltInSchemas.lean()
                    .inPackage(each)
                    .keySet()
                    .forEach(definition -> Messages.find(definition).ifPresent(message -> collect(message, known)));
        }
        Set<String> unknown = new TreeSet<>(ZeroValues.entries());
        unknown.removeAll(known);
        assertThat(unknown).isEmpty();
    }

    private static void collect(Descriptor message, Set<String> known) {
        String definition = Messages.definitionName(message);
        int dot = definition.lastIndexOf('.', definition.lastIndexOf('.', definition.lastIndexOf('.') - 1) - 1);
        for (FieldPlan field : MessagePlan.of(message).fields().values()) {
            known.add(definition.substring(dot + 1) + " " + field.name());
            if (field.inlined() != null) {
                collect(field.descriptor().getMessageType(), known);
            }
        }
    }

    private static Set<String> names(MessagePlan plan) {
        List<String> names = new ArrayList<>();
        for (FieldPlan field : plan.fields().values()) {
            if (field.inlined() == null) {
                names.add(field.name());
            } else {
                names.addAll(names(field.inlined()));
            }
        }
        assertThat(names).doesNotHaveDuplicates();
        return new HashSet<>(names);
    }
}
