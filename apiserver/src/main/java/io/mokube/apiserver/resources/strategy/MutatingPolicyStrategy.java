package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.cel.MutationLanguage;
import io.mokube.apiserver.cel.MutationLanguage.Makes;
import io.mokube.machinery.error.FieldError;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Mutating admission policies, whose expressions must be understood when they are written. */
final class MutatingPolicyStrategy extends PolicyStrategy {

    private static final List<String> REINVOCATIONS = List.of("IfNeeded", "Never");
    private static final List<String> PATCH_TYPES = List.of("ApplyConfiguration", "JSONPatch");

    @Override
    void effects(JsonNode spec, List<FieldError> errors) {
        String again = Tree.text(spec, "reinvocationPolicy");
        if (again.isEmpty()) {
            errors.add(FieldError.required("spec.reinvocationPolicy", ""));
        } else if (!REINVOCATIONS.contains(again)) {
            errors.add(FieldError.notSupported("spec.reinvocationPolicy", again, REINVOCATIONS));
        }
        List<ObjectNode> mutations = Tree.items(spec, "mutations");
        if (mutations.isEmpty()) {
            errors.add(FieldError.required("spec.mutations", "mutations must contain at least one item"));
        }
        for (int i = 0; i < mutations.size(); i++) {
            mutation(mutations.get(i), "spec.mutations[" + i + "]", errors);
        }
    }

    private static void mutation(ObjectNode mutation, String path, List<FieldError> errors) {
        String type = Tree.text(mutation, "patchType");
        switch (type) {
            case "ApplyConfiguration" -> change(mutation, "applyConfiguration", "jsonPatch", path, errors);
            case "JSONPatch" -> change(mutation, "jsonPatch", "applyConfiguration", path, errors);
            case "" -> errors.add(FieldError.required(path + ".patchType", ""));
            default -> errors.add(FieldError.notSupported(path + ".patchType", type, PATCH_TYPES));
        }
    }

    private static void change(ObjectNode mutation, String field, String other, String path, List<FieldError> errors) {
        String type = Tree.text(mutation, "patchType");
        if (mutation.path(other).isObject()) {
            errors.add(FieldError.invalid(path + "." + other, "must not be set when patchType is " + type));
        }
        if (!mutation.path(field).isObject()) {
            errors.add(FieldError.required(path + "." + field, "must be specified when patchType is " + type));
            return;
        }
        String text = Tree.text(mutation.path(field), "expression");
        String here = path + "." + field + ".expression";
        if (text.isBlank()) {
            errors.add(FieldError.required(here, "expression is not specified"));
            return;
        }
        try {
            MutationLanguage.compile(text, field.equals("jsonPatch") ? Makes.OPERATIONS : Makes.CONFIGURATION);
        } catch (IllegalArgumentException e) {
            errors.add(FieldError.invalid(here, text, String.valueOf(e.getMessage())));
        }
    }
}
