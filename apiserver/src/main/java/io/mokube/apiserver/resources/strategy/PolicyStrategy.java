package io.mokube.apiserver.resources.strategy;

import dev.cel.common.types.CelKind;
import io.mokube.apiserver.cel.PolicyLanguage;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Validating admission policies, whose expressions must be understood when they are written. */
class PolicyStrategy extends SpecStatusStrategy {

    private static final List<String> REASONS =
            List.of("Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized");

    @Override
    public void applyDefaults(KubeObject policy) {
        if (policy.root().get("spec") instanceof ObjectNode spec) {
            Tree.orElse(spec, "failurePolicy", "Fail");
            if (spec.get("matchConstraints") instanceof ObjectNode match) {
                applyDefaults(match);
            }
        }
    }

    /** Fills in what a match leaves open. */
    static void applyDefaults(ObjectNode match) {
        Tree.orElse(match, "matchPolicy", "Equivalent");
        Tree.child(match, "namespaceSelector");
        Tree.child(match, "objectSelector");
        for (String rules : List.of("resourceRules", "excludeResourceRules")) {
            for (ObjectNode rule : Tree.items(match, rules)) {
                Tree.orElse(rule, "scope", "*");
            }
        }
    }

    /** Adds what is wrong with a match. */
    static void validate(JsonNode match, String path, List<FieldError> errors) {
        Check.oneOf(match, "matchPolicy", path, List.of("Equivalent", "Exact"), errors);
        Check.selector(match.path("namespaceSelector"), path + ".namespaceSelector", errors);
        Check.selector(match.path("objectSelector"), path + ".objectSelector", errors);
        for (String list : List.of("resourceRules", "excludeResourceRules")) {
            List<ObjectNode> rules = Tree.items(match, list);
            for (int i = 0; i < rules.size(); i++) {
                WebhookConfigurationStrategy.rule(rules.get(i), path + "." + list + "[" + i + "]", errors);
            }
        }
    }

    @Override
    public void validateCreate(KubeObject policy, List<FieldError> errors) {
        JsonNode spec = policy.at("spec");
        Check.oneOf(spec, "failurePolicy", "spec", Set.of("Fail", "Ignore"), errors);
        JsonNode kind = spec.path("paramKind");
        if (kind.isObject()) {
            Check.required(kind, "apiVersion", "spec.paramKind", errors);
            Check.required(kind, "kind", "spec.paramKind", errors);
        }
        if (!spec.path("matchConstraints").isObject()) {
            errors.add(FieldError.required("spec.matchConstraints", ""));
        } else if (spec.path("matchConstraints").path("resourceRules").isEmpty()) {
            errors.add(FieldError.required("spec.matchConstraints.resourceRules", ""));
        }
        validate(spec.path("matchConstraints"), "spec.matchConstraints", errors);
        named(spec, "variables", CelKind.DYN, errors);
        named(spec, "matchConditions", CelKind.BOOL, errors);
        effects(spec, errors);
    }

    /** Adds what is wrong with what the policy does. */
    void effects(JsonNode spec, List<FieldError> errors) {
        if (spec.path("validations").isEmpty() && spec.path("auditAnnotations").isEmpty()) {
            errors.add(FieldError.required(
                    "spec.validations", "validations or auditAnnotations must be specified and non-empty"));
        }
        List<ObjectNode> annotations = Tree.items(spec, "auditAnnotations");
        Check.distinct(annotations, "key", "spec.auditAnnotations", errors);
        for (int i = 0; i < annotations.size(); i++) {
            String path = "spec.auditAnnotations[" + i + "]";
            Check.name(Tree.text(annotations.get(i), "key"), NameFormat::qualifiedName, path + ".key", errors);
            expression(annotations.get(i), "valueExpression", path, CelKind.DYN, errors);
        }
        List<ObjectNode> validations = Tree.items(spec, "validations");
        for (int i = 0; i < validations.size(); i++) {
            validation(validations.get(i), "spec.validations[" + i + "]", errors);
        }
    }

    private static void named(JsonNode spec, String list, CelKind result, List<FieldError> errors) {
        named(spec, "spec", list, result, errors);
    }

    /** Adds what is wrong with a list of named expressions. */
    static void named(JsonNode holder, String parent, String list, CelKind result, List<FieldError> errors) {
        List<ObjectNode> expressions = Tree.items(holder, list);
        Check.distinct(expressions, "name", parent + "." + list, errors);
        for (int i = 0; i < expressions.size(); i++) {
            String path = parent + "." + list + "[" + i + "]";
            Check.required(expressions.get(i), "name", path, errors);
            expression(expressions.get(i), "expression", path, result, errors);
        }
    }

    private static void validation(ObjectNode validation, String path, List<FieldError> errors) {
        expression(validation, "expression", path, CelKind.BOOL, errors);
        String message = Tree.text(validation, "message");
        if (!message.isEmpty() && message.isBlank()) {
            errors.add(FieldError.invalid(path + ".message", message, "message must be non-empty if specified"));
        } else if (message.strip().indexOf('\n') >= 0) {
            errors.add(FieldError.invalid(path + ".message", message, "message must not contain line breaks"));
        } else if (message.isEmpty()
                && Tree.text(validation, "expression").strip().indexOf('\n') >= 0) {
            errors.add(FieldError.required(
                    path + ".message", "message must be specified if expression contains line breaks"));
        }
        if (!Tree.text(validation, "messageExpression").isEmpty()) {
            expression(validation, "messageExpression", path, CelKind.STRING, errors);
        }
        Check.oneOf(validation, "reason", path, REASONS, errors);
    }

    private static void expression(
            ObjectNode holder, String field, String path, CelKind result, List<FieldError> errors) {
        String text = Tree.text(holder, field);
        if (text.isBlank()) {
            errors.add(FieldError.required(path + "." + field, field + " is not specified"));
            return;
        }
        try {
            PolicyLanguage.compile(text, result);
        } catch (IllegalArgumentException e) {
            errors.add(FieldError.invalid(path + "." + field, text, String.valueOf(e.getMessage())));
        }
    }

    @Override
    public void validateUpdate(KubeObject policy, KubeObject old, List<FieldError> errors) {
        validateCreate(policy, errors);
    }
}
