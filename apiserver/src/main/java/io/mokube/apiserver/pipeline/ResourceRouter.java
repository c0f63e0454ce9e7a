package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.Subresource;
import io.mokube.apiserver.verbs.Verb;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import java.util.Map;
import java.util.Set;

/** Finds the verb that answers a request about a resource. */
public final class ResourceRouter {

    private final ResourceRegistry registry;
    private final Map<String, Verb> verbs;
    private final Map<String, Map<String, Verb>> subresources;

    /**
     * @param verbs by name, for resources themselves and for subresources that take the object itself
     * @param subresources by the name of the subresource and of the verb, for those that take something else
     */
    public ResourceRouter(
            ResourceRegistry registry, Map<String, Verb> verbs, Map<String, Map<String, Verb>> subresources) {
        this.registry = registry;
        this.verbs = Map.copyOf(verbs);
        this.subresources = Map.copyOf(subresources);
    }

    Answer answer(ApiRequest request) {
        RequestInfo info = request.info();
        Served served = registry.find(new GroupVersionResource(info.group(), info.version(), info.resource()))
                .orElseThrow(ApiException::noSuchPath);
        ResourceDefinition definition = served.definition();
        checkScope(info, definition);
        if (info.subresource().isEmpty()) {
            return verb(verbs, info.verb(), definition.verbs()).answer(request, served);
        }
        Subresource subresource = definition.subresource(info.subresource()).orElseThrow(ApiException::noSuchPath);
        String qualified = info.resource() + "/" + info.subresource();
        Map<String, Verb> special =
                subresources.getOrDefault(qualified, subresources.getOrDefault(info.subresource(), Map.of()));
        boolean takesObject = subresource.kind().kind().equals(definition.kind());
        return verb(special.isEmpty() && takesObject ? verbs : special, info.verb(), subresource.verbs())
                .answer(request, served);
    }

    private static void checkScope(RequestInfo info, ResourceDefinition definition) {
        if (definition.namespaced()) {
            boolean spansNamespaces = info.namespace().isEmpty();
            boolean mayspan =
                    switch (info.verb()) {
                        case "list", "watch", "deletecollection" -> true;
                        default -> false;
                    };
            if (spansNamespaces && !mayspan && !definition.verbs().equals(Set.of("create"))) {
                throw ApiException.noSuchPath();
            }
        } else if (!info.namespace().isEmpty() && !info.resource().equals("namespaces")) {
            throw ApiException.noSuchPath();
        }
    }

    private static Verb verb(Map<String, Verb> verbs, String name, Set<String> allowed) {
        Verb verb = verbs.get(name);
        if (verb == null || !allowed.contains(name)) {
            throw ApiException.methodNotAllowed();
        }
        return verb;
    }
}
