package io.mokube.apiserver.admission.policies;

import io.mokube.apiserver.admission.match.Match;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Puts a policy to use.
 *
 * @param match narrows what the policy is asked about
 * @param parameters which objects the rules are asked with; empty for none
 * @param actions what becomes of a write that breaks a rule: {@code Deny}, {@code Warn}, {@code Audit}
 */
record Binding(String name, String policy, Match match, Optional<Parameters> parameters, Set<String> actions) {

    /**
     * Objects of the policy's kind of parameters.
     *
     * @param namespace {@code ""} for the namespace of the write
     * @param name {@code ""} when the selector chooses
     * @param deniesWithout whether a write is refused when there are none
     */
    record Parameters(String namespace, String name, LabelSelector selector, boolean deniesWithout) {}

    static Binding of(KubeObject binding) {
        Set<String> actions = new HashSet<>();
        binding.at("spec", "validationActions").forEach(action -> actions.add(action.asString("")));
        JsonNode parameters = binding.at("spec", "paramRef");
        return new Binding(
                binding.name(),
                binding.at("spec", "policyName").asString(""),
                Match.ofPolicy(binding.at("spec", "matchResources")),
                parameters.isObject()
                        ? Optional.of(new Parameters(
                                parameters.path("namespace").asString(""),
                                parameters.path("name").asString(""),
                                LabelSelector.ofJson(parameters.path("selector")),
                                !parameters
                                        .path("parameterNotFoundAction")
                                        .asString("")
                                        .equals("Allow")))
                        : Optional.empty(),
                Set.copyOf(actions));
    }
}
