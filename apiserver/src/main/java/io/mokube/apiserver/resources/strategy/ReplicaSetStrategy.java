package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/** Replica sets. */
final class ReplicaSetStrategy extends WorkloadStrategy {

    ReplicaSetStrategy() {
        super("replicaset");
    }

    @Override
    void specDefaults(ObjectNode spec) {
        Tree.orElse(spec, "replicas", 1);
    }

    @Override
    void validateSpec(ObjectNode spec, List<FieldError> errors) {}

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return selectableReplicas();
    }
}
