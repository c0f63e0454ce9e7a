package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;

/** Runtime classes, whose handler never changes. */
final class RuntimeClassStrategy extends FrozenStrategy {

    RuntimeClassStrategy() {
        super("handler");
    }

    @Override
    public void validateCreate(KubeObject runtimeClass, List<FieldError> errors) {
        String handler = Tree.text(runtimeClass.root(), "handler");
        if (handler.isEmpty()) {
            errors.add(FieldError.required("handler", ""));
        } else {
            Check.dnsLabel(handler, "handler", errors);
        }
        PodSpecValidation.amounts(runtimeClass.at("overhead", "podFixed"), "overhead.podFixed", errors);
        Check.labels(runtimeClass.at("scheduling", "nodeSelector"), "scheduling.nodeSelector", errors);
    }
}
