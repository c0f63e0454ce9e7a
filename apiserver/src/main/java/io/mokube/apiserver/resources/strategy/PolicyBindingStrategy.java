package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Bindings of admission policies; those of validating ones say what becomes of a write that breaks a rule. */
final class PolicyBindingStrategy implements ResourceStrategy {

    private static final List<String> ACTIONS = List.of("Audit", "Deny", "Warn");

    private final boolean judges;

    /** @param judges whether the policies are validating ones */
    PolicyBindingStrategy(boolean judges) {
        this.judges = judges;
    }

    @Override
    public void applyDefaults(KubeObject binding) {
        if (binding.at("spec", "matchResources") instanceof ObjectNode match) {
            PolicyStrategy.applyDefaults(match);
        }
    }

    @Override
    public void validateCreate(KubeObject binding, List<FieldError> errors) {
        JsonNode spec = binding.at("spec");
        Check.required(spec, "policyName", "spec", errors);
        PolicyStrategy.validate(spec.path("matchResources"), "spec.matchResources", errors);
        JsonNode parameters = spec.path("paramRef");
        Check.selector(parameters.path("selector"), "spec.paramRef.selector", errors);
        if (parameters.isObject()) {
            boolean named = !Tree.text(parameters, "name").isEmpty();
            if (named == parameters.path("selector").isObject()) {
                String only = "name and selector are mutually exclusive";
                errors.add(
                        named
                                ? FieldError.forbidden("spec.paramRef.name", only)
                                : FieldError.required("spec.paramRef", "one of name or selector must be specified"));
            }
            Check.required(parameters, "parameterNotFoundAction", "spec.paramRef", errors);
            Check.oneOf(parameters, "parameterNotFoundAction", "spec.paramRef", List.of("Allow", "Deny"), errors);
        }
        if (judges) {
            actions(spec, errors);
        }
    }

    private static void actions(JsonNode spec, List<FieldError> errors) {
        JsonNode actions = spec.path("validationActions");
        if (actions.isEmpty()) {
            errors.add(FieldError.required("spec.validationActions", "at least one validation action is required"));
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < actions.size(); i++) {
            String action = actions.path(i).asString("");
            String path = "spec.validationActions[" + i + "]";
            if (!ACTIONS.contains(action)) {
                errors.add(FieldError.notSupported(path, action, ACTIONS));
            }
            if (!seen.add(action)) {
                errors.add(FieldError.duplicate(path, action));
            }
        }
        if (seen.containsAll(Set.of("Deny", "Warn"))) {
            errors.add(FieldError.invalid(
                    "spec.validationActions",
                    actions,
                    "must not contain both Deny and Warn (repeating the same"
                            + " validation failure information in the API response and headers serves no purpose)"));
        }
    }

    @Override
    public void validateUpdate(KubeObject binding, KubeObject old, List<FieldError> errors) {
        validateCreate(binding, errors);
    }
}
