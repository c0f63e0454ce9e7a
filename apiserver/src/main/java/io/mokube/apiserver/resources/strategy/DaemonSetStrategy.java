package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Daemon sets. */
final class DaemonSetStrategy extends WorkloadStrategy {

    /** Where v1 keeps the number of the template, which was a field of the spec once. */
    private static final String GENERATION = "deprecated.daemonset.template.generation";

    DaemonSetStrategy() {
        super("daemonset");
    }

    @Override
    public void prepareForCreate(KubeObject set) {
        super.prepareForCreate(set);
        number(set, Math.max(1, number(set)));
    }

    @Override
    public void prepareForUpdate(KubeObject set, KubeObject old) {
        super.prepareForUpdate(set, old);
        boolean same = Tree.same(set.at("spec", "template"), old.at("spec", "template"));
        number(set, same ? Math.max(1, number(old)) : number(old) + 1);
    }

    private static long number(KubeObject set) {
        String number = set.at("metadata", "annotations", GENERATION).asString("");
        return number.matches("[0-9]{1,18}") ? Long.parseLong(number) : 0;
    }

    private static void number(KubeObject set, long number) {
        Tree.child(set.metadata(), "annotations").put(GENERATION, Long.toString(number));
    }

    @Override
    void specDefaults(ObjectNode spec) {
        ObjectNode update = Tree.child(spec, "updateStrategy");
        Tree.orElse(update, "type", "RollingUpdate");
        if (Tree.text(update, "type").equals("RollingUpdate")) {
            ObjectNode rolling = Tree.child(update, "rollingUpdate");
            Tree.orElse(rolling, "maxSurge", 0);
            Tree.orElse(rolling, "maxUnavailable", 1);
        }
        Tree.orElse(spec, "revisionHistoryLimit", 10);
    }

    @Override
    void validateSpec(ObjectNode spec, List<FieldError> errors) {
        JsonNode update = spec.path("updateStrategy");
        Check.oneOf(update, "type", "spec.updateStrategy", Set.of("OnDelete", "RollingUpdate"), errors);
        JsonNode rolling = update.path("rollingUpdate");
        if (rolling.isObject()) {
            String path = "spec.updateStrategy.rollingUpdate";
            Check.numberOrPercent(rolling.path("maxUnavailable"), path + ".maxUnavailable", errors);
            Check.numberOrPercent(rolling.path("maxSurge"), path + ".maxSurge", errors);
            boolean noneUnavailable = DeploymentStrategy.isZero(rolling.path("maxUnavailable"));
            boolean noSurge = DeploymentStrategy.isZero(rolling.path("maxSurge"));
            if (noneUnavailable && noSurge) {
                errors.add(FieldError.required(path + ".maxUnavailable", "cannot be 0 when maxSurge is 0"));
            } else if (!noneUnavailable && !noSurge) {
                errors.add(FieldError.invalid(
                        path + ".maxSurge",
                        rolling.path("maxSurge"),
                        "may not be set when maxUnavailable is non-zero"));
            }
        }
    }
}
