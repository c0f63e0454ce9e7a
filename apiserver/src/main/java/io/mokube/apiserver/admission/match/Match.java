package io.mokube.apiserver.admission.match;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Which writes a webhook or a policy is asked about.
 *
 * @param rules of which one must mean the write
 * @param meansAllWithoutRules whether no rules at all mean every write, and not none
 * @param excluded of which none may mean it
 * @param matchesEquivalent whether writes in other versions than the rules name are meant too, turned into the one named
 */
public record Match(
        List<ResourceRule> rules,
        boolean meansAllWithoutRules,
        List<ResourceRule> excluded,
        boolean matchesEquivalent,
        LabelSelector namespaceSelector,
        LabelSelector objectSelector) {

    private static final GroupResource NAMESPACES = new GroupResource("", "namespaces");

    /** What a webhook says. */
    public static Match ofWebhook(JsonNode webhook) {
        return of(webhook, "rules", false);
    }

    /** What a policy or a binding says, which may be nothing at all. */
    public static Match ofPolicy(JsonNode match) {
        return of(match, "resourceRules", true);
    }

    private static Match of(JsonNode match, String rules, boolean meansAllWithoutRules) {
        return new Match(
                ResourceRule.of(match.path(rules)),
                meansAllWithoutRules,
                ResourceRule.of(match.path("excludeResourceRules")),
                !match.path("matchPolicy").asString("").equals("Exact"),
                LabelSelector.ofJson(match.path("namespaceSelector")),
                LabelSelector.ofJson(match.path("objectSelector")));
    }

    /** The version in which a write is to be shown; empty when the write is not meant. */
    public Optional<String> versionFor(AdmissionRequest request, ClusterReader cluster) {
        Optional<String> version = versionFor(request);
        return version.isPresent()
                        && excluded.stream().noneMatch(rule -> rule.means(request))
                        && selectsObject(request)
                        && selectsNamespace(request, cluster)
                ? version
                : Optional.empty();
    }

    private Optional<String> versionFor(AdmissionRequest request) {
        String version = Description.version(request);
        if (rules.isEmpty() && meansAllWithoutRules) {
            return Optional.of(version);
        }
        String equivalent = "";
        for (ResourceRule rule : rules) {
            if (!rule.means(request)) {
                continue;
            }
            if (rule.meansVersion(version)) {
                return Optional.of(version);
            }
            for (var served : request.resource().versions()) {
                if (equivalent.isEmpty() && rule.versions().contains(served.name())) {
                    equivalent = served.name();
                }
            }
        }
        return matchesEquivalent && !equivalent.isEmpty() ? Optional.of(equivalent) : Optional.empty();
    }

    /** Whether the object, as it was or as it shall be, has the labels that are asked for. */
    private boolean selectsObject(AdmissionRequest request) {
        if (objectSelector.isEmpty()) {
            return true;
        }
        KubeObject object = request.object();
        KubeObject old = request.old();
        return (object != null && objectSelector.matches(object.labels()))
                || (old != null && objectSelector.matches(old.labels()));
    }

    private boolean selectsNamespace(AdmissionRequest request, ClusterReader cluster) {
        if (namespaceSelector.isEmpty()) {
            return true;
        }
        if (request.resource().groupResource().equals(NAMESPACES)) {
            KubeObject namespace = request.object() != null ? request.object() : request.old();
            return namespace != null && namespaceSelector.matches(namespace.labels());
        }
        return request.namespace().isEmpty()
                || namespaceSelector.matches(namespace(request, cluster).labels());
    }

    /**
     * The namespace of a write.
     *
     * @throws ApiException 404 when there is none of that name
     */
    public static KubeObject namespace(AdmissionRequest request, ClusterReader cluster) {
        ObjectKey key = new ObjectKey("", request.namespace());
        return cluster.get(NAMESPACES, key)
                .or(() -> cluster.getFresh(NAMESPACES, key))
                .orElseThrow(() -> ApiException.notFound(NAMESPACES, request.namespace()));
    }
}
