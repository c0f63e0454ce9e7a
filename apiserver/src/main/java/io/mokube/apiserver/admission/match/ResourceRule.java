package io.mokube.apiserver.admission.match;

import io.mokube.apiserver.admission.AdmissionRequest;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Writes that are meant; {@code *} stands for all of a kind.
 *
 * @param names only objects of these names, empty for any
 */
public record ResourceRule(
        List<String> operations,
        List<String> groups,
        List<String> versions,
        List<String> resources,
        String scope,
        List<String> names) {

    private static final String ALL = "*";

    static List<ResourceRule> of(JsonNode rules) {
        List<ResourceRule> all = new ArrayList<>();
        for (JsonNode rule : rules) {
            all.add(new ResourceRule(
                    texts(rule.path("operations")),
                    texts(rule.path("apiGroups")),
                    texts(rule.path("apiVersions")),
                    texts(rule.path("resources")),
                    rule.path("scope").asString(ALL),
                    texts(rule.path("resourceNames"))));
        }
        return List.copyOf(all);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>(array.size());
        array.forEach(each -> texts.add(each.asString("")));
        return List.copyOf(texts);
    }

    /** Whether the rule means this write, versions aside. */
    boolean means(AdmissionRequest request) {
        return holds(operations, request.operation().name())
                && holds(groups, request.resource().group())
                && meansScope(request)
                && (names.isEmpty() || names.contains(request.name()))
                && resources.stream().anyMatch(each -> meansResource(each, request));
    }

    boolean meansVersion(String version) {
        return holds(versions, version);
    }

    private boolean meansScope(AdmissionRequest request) {
        return switch (scope) {
            case "Cluster" -> !request.resource().namespaced();
            case "Namespaced" -> request.resource().namespaced();
            default -> true;
        };
    }

    private static boolean meansResource(String meant, AdmissionRequest request) {
        int slash = meant.indexOf('/');
        String resource = slash < 0 ? meant : meant.substring(0, slash);
        String subresource = slash < 0 ? "" : meant.substring(slash + 1);
        return (resource.equals(ALL) || resource.equals(request.resource().plural()))
                && (subresource.equals(request.subresource()) || (subresource.equals(ALL) && slash >= 0));
    }

    private static boolean holds(List<String> texts, String text) {
        return texts.contains(ALL) || texts.contains(text);
    }
}
