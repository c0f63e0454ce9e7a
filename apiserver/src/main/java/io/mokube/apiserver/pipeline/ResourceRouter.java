package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.ServedVersion;
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
    private final Map<String, Map<String, Verb>> particular;

    /**
     * @param verbs by name, for resources themselves and for subresources that take the object itself
     * @param particular what is answered in a way of its own, by {@code resource.group}, {@code resource/subresource} or
     *     {@code subresource}, and by the name of the verb
     */
    public ResourceRouter(
            ResourceRegistry registry, Map<String, Verb> verbs, Map<String, Map<String, Verb>> particular) {
        this.registry = registry;
        this.verbs = Map.copyOf(verbs);
        this.particular = Map.copyOf(particular);
    }

    Answer answer(ApiRequest request) {
        RequestInfo info = request.info();
        Served served = registry.find(new GroupVersionResource(info.group(), info.version(), info.resource()))
                .orElseThrow(this::unknown);
        ResourceDefinition definition = served.definition();
        ServedVersion.Custom custom = served.version().custom();
        if (custom != null && !custom.deprecation().isEmpty()) {
            request.warn(custom.deprecation());
        }
        checkScope(info, definition);
        checkName(info);
        if (info.subresource().isEmpty()) {
            Map<String, Verb> own = particular.get(definition.groupResource().toString());
            return verb(own == null ? verbs : own, info.verb(), definition.verbs())
                    .answer(request, served);
        }
        Subresource subresource = definition.subresource(info.subresource()).orElseThrow(ApiException::noSuchPath);
        Map<String, Verb> own = particular.get(info.resource() + "/" + info.subresource());
        if (own == null) {
            own = particular.get(info.subresource());
        }
        boolean takesObject = subresource.kind().kind().equals(definition.kind());
        return verb(own == null && takesObject ? verbs : own == null ? Map.of() : own, info.verb(), subresource.verbs())
                .answer(request, served);
    }

    /** Until all resources are known, nobody may conclude that one does not exist. */
    private ApiException unknown() {
        return registry.isComplete()
                ? ApiException.noSuchPath()
                : ApiException.unavailable("the request has been made before all known HTTP paths have been installed,"
                        + " please try again");
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

    /** Objects are made in a collection and changed one by one. */
    private static void checkName(RequestInfo info) {
        boolean misplaced =
                switch (info.verb()) {
                    case "create" ->
                        !info.name().isEmpty() && info.subresource().isEmpty();
                    case "update", "patch" -> info.name().isEmpty();
                    default -> false;
                };
        if (misplaced) {
            throw ApiException.methodNotAllowed();
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
