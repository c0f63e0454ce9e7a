package io.mokube.apiserver.admission.policies;

import dev.cel.common.types.CelKind;
import io.mokube.apiserver.admission.match.Match;
import io.mokube.apiserver.cel.MutationLanguage.Makes;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A policy as it is stored, its expressions made ready.
 *
 * @param parameters the kind of object its rules speak of as {@code params}
 * @param failsClosed whether a write is refused when an expression fails
 * @param conditions that must all hold for the policy to be asked, by name
 * @param variables named expressions that others may use, each those before it
 * @param annotations what a validating policy tells the audit, by key
 * @param mutations what a mutating policy does, in this order
 * @param mayRunAgain whether a mutating policy wants to see what others changed after it
 */
record Policy(
        String name,
        Match match,
        Optional<GroupVersionKind> parameters,
        boolean failsClosed,
        Map<String, Expression> conditions,
        Map<String, Expression> variables,
        List<Validation> validations,
        Map<String, Expression> annotations,
        List<Mutation> mutations,
        boolean mayRunAgain) {

    /**
     * A rule.
     *
     * @param message what is said when it does not hold, {@code ""} for the rule itself
     * @param messageExpression makes that up from the write; null for none
     * @param reason the machine-readable reason of the refusal, {@code ""} for Invalid
     */
    record Validation(
            Expression rule, String message, @Nullable Expression messageExpression, String reason) {}

    /**
     * A change.
     *
     * @param makes what the expression yields: a configuration to lay over the object, or operations of a JSON patch
     */
    record Mutation(Makes makes, Expression expression) {

        static Mutation of(JsonNode mutation) {
            boolean patch = mutation.path("patchType").asString("").equals("JSONPatch");
            Makes makes = patch ? Makes.OPERATIONS : Makes.CONFIGURATION;
            String text = mutation.path(patch ? "jsonPatch" : "applyConfiguration")
                    .path("expression")
                    .asString("");
            return new Mutation(makes, Expression.of(text, makes));
        }
    }

    static Policy of(KubeObject policy) {
        JsonNode spec = policy.at("spec");
        JsonNode kind = spec.path("paramKind");
        List<Validation> validations = new ArrayList<>();
        for (JsonNode validation : spec.path("validations")) {
            String message = validation.path("messageExpression").asString("");
            validations.add(new Validation(
                    Expression.of(validation.path("expression").asString(""), CelKind.BOOL),
                    validation.path("message").asString(""),
                    message.isEmpty() ? null : Expression.of(message, CelKind.STRING),
                    validation.path("reason").asString("")));
        }
        List<Mutation> mutations = new ArrayList<>();
        spec.path("mutations").forEach(mutation -> mutations.add(Mutation.of(mutation)));
        return new Policy(
                policy.name(),
                Match.ofPolicy(spec.path("matchConstraints")),
                kind.isObject()
                        ? Optional.of(GroupVersionKind.of(
                                kind.path("apiVersion").asString(""),
                                kind.path("kind").asString("")))
                        : Optional.empty(),
                !spec.path("failurePolicy").asString("").equals("Ignore"),
                named(spec.path("matchConditions"), "name", "expression", CelKind.BOOL),
                named(spec.path("variables"), "name", "expression", CelKind.DYN),
                validations,
                named(spec.path("auditAnnotations"), "key", "valueExpression", CelKind.DYN),
                mutations,
                spec.path("reinvocationPolicy").asString("").equals("IfNeeded"));
    }

    static Map<String, Expression> named(JsonNode expressions, String key, String text, CelKind result) {
        Map<String, Expression> named = new LinkedHashMap<>();
        for (JsonNode each : expressions) {
            named.put(each.path(key).asString(""), Expression.of(each.path(text).asString(""), result));
        }
        return named;
    }
}
