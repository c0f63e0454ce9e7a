package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Flow schemas. */
final class FlowSchemaStrategy extends SpecStatusStrategy {

    private static final int LAST_PRECEDENCE = 10_000;
    private static final Map<String, String> SUBJECTS =
            Map.of("Group", "group", "ServiceAccount", "serviceAccount", "User", "user");

    @Override
    public void applyDefaults(KubeObject schema) {
        Tree.orElseUnlessPositive(Tree.child(schema.root(), "spec"), "matchingPrecedence", 1000);
    }

    @Override
    public void validateCreate(KubeObject schema, List<FieldError> errors) {
        JsonNode spec = schema.at("spec");
        precedence(schema.name(), spec.path("matchingPrecedence").asLong(0), errors);
        Check.oneOf(
                spec.path("distinguisherMethod"),
                "type",
                "spec.distinguisherMethod",
                Set.of("ByNamespace", "ByUser"),
                errors);
        if (Tree.text(spec.path("priorityLevelConfiguration"), "name").isEmpty()) {
            errors.add(FieldError.required("spec.priorityLevelConfiguration.name", "must reference a priority level"));
        }
        List<ObjectNode> rules = Tree.items(spec, "rules");
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), "spec.rules[" + i + "]", errors);
        }
    }

    private static void precedence(String name, long precedence, List<FieldError> errors) {
        String path = "spec.matchingPrecedence";
        if (precedence <= 0) {
            errors.add(FieldError.invalid(path, precedence, "must be a positive value"));
        } else if (precedence > LAST_PRECEDENCE) {
            errors.add(FieldError.invalid(path, precedence, "must not be greater than " + LAST_PRECEDENCE));
        } else if (precedence == 1 && !name.equals("exempt")) {
            errors.add(FieldError.invalid(
                    path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
        }
    }

    private static void rule(ObjectNode rule, String path, List<FieldError> errors) {
        List<ObjectNode> subjects = Tree.items(rule, "subjects");
        if (subjects.isEmpty()) {
            errors.add(FieldError.required(path + ".subjects", "subjects must contain at least one value"));
        }
        for (int i = 0; i < subjects.size(); i++) {
            subject(subjects.get(i), path + ".subjects[" + i + "]", errors);
        }
        if (rule.path("resourceRules").isEmpty()
                && rule.path("nonResourceRules").isEmpty()) {
            errors.add(FieldError.required(
                    path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
        }
    }

    private static void subject(ObjectNode subject, String path, List<FieldError> errors) {
        String kind = Tree.text(subject, "kind");
        String expected = SUBJECTS.get(kind);
        if (expected == null) {
            errors.add(FieldError.notSupported(
                    path + ".kind", kind, SUBJECTS.keySet().stream().sorted().toList()));
            return;
        }
        if (!subject.has(expected)) {
            errors.add(FieldError.required(
                    path + "." + expected, expected + " is required when subject kind is '" + kind + "'"));
        } else {
            Check.required(subject.path(expected), "name", path + "." + expected, errors);
        }
        SUBJECTS.forEach((other, field) -> {
            if (!other.equals(kind) && subject.has(field)) {
                errors.add(FieldError.forbidden(
                        path + "." + field, field + " is forbidden when subject kind is not '" + other + "'"));
            }
        });
    }

    @Override
    public void validateUpdate(KubeObject schema, KubeObject old, List<FieldError> errors) {
        validateCreate(schema, errors);
    }
}
