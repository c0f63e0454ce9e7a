package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** Ingress classes, whose controller never changes. */
final class IngressClassStrategy extends SpecStatusStrategy {

    private static final int LONGEST_CONTROLLER = 250;

    @Override
    public void applyDefaults(KubeObject ingressClass) {
        if (ingressClass.at("spec").get("parameters") instanceof ObjectNode parameters) {
            Tree.orElse(parameters, "scope", "Cluster");
        }
    }

    @Override
    public void validateCreate(KubeObject ingressClass, List<FieldError> errors) {
        String controller = Tree.text(ingressClass.at("spec"), "controller");
        if (controller.isEmpty()) {
            errors.add(FieldError.required("spec.controller", ""));
        } else {
            if (controller.length() > LONGEST_CONTROLLER) {
                errors.add(FieldError.tooLong("spec.controller", LONGEST_CONTROLLER));
            }
            Check.domainPath(controller, "spec.controller", errors);
        }
        if (ingressClass.at("spec").get("parameters") instanceof ObjectNode parameters) {
            parameters(parameters, "spec.parameters", errors);
        }
    }

    private static void parameters(ObjectNode parameters, String path, List<FieldError> errors) {
        Check.optionalName(parameters, "apiGroup", NameFormat::dnsSubdomain, path, errors);
        Check.required(parameters, "kind", path, errors);
        Check.required(parameters, "name", path, errors);
        Check.oneOf(parameters, "scope", path, Set.of("Cluster", "Namespace"), errors);
        boolean namespaced = Tree.text(parameters, "scope").equals("Namespace");
        if (namespaced && !parameters.has("namespace")) {
            errors.add(FieldError.required(path + ".namespace", "`parameters.scope` is set to 'Namespace'"));
        } else if (!namespaced && parameters.has("namespace")) {
            errors.add(FieldError.forbidden(path + ".namespace", "`parameters.scope` is set to 'Cluster'"));
        }
        Check.optionalName(parameters, "namespace", NameFormat::dnsLabel, path, errors);
    }

    @Override
    public void validateUpdate(KubeObject ingressClass, KubeObject old, List<FieldError> errors) {
        Check.immutable(ingressClass.at("spec"), old.at("spec"), "controller", "spec.controller", errors);
        validateCreate(ingressClass, errors);
    }
}
