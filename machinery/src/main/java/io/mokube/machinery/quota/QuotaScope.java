package io.mokube.machinery.quota;

import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * One scope that narrows a quota to some objects.
 *
 * @param name such as {@code BestEffort}
 * @param operator {@code In}, {@code NotIn}, {@code Exists} or {@code DoesNotExist}
 */
public record QuotaScope(String name, String operator, List<String> values) {

    public QuotaScope {
        values = List.copyOf(values);
    }

    /** All scopes of a quota; an object must fit every one. */
    static List<QuotaScope> of(KubeObject quota) {
        List<QuotaScope> scopes = new ArrayList<>();
        for (JsonNode scope : quota.at("spec", "scopes")) {
            scopes.add(new QuotaScope(scope.asString(""), "Exists", List.of()));
        }
        for (JsonNode expression : quota.at("spec", "scopeSelector", "matchExpressions")) {
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asString("")));
            scopes.add(new QuotaScope(
                    expression.path("scopeName").asString(""),
                    expression.path("operator").asString(""),
                    values));
        }
        return scopes;
    }

    /** Whether one of the names that an object goes by fits; an object may go by none. */
    boolean fitsOneOf(Collection<String> names) {
        LabelSelector.Requirement requirement = LabelSelector.requirement(name, operator, values);
        return names.isEmpty()
                ? requirement.matches(Map.of())
                : names.stream().anyMatch(each -> requirement.matches(Map.of(name, each)));
    }
}
