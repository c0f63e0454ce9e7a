package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.GroupResource;
import java.util.List;
import java.util.Set;

/** Authorizes a request and has it answered: by a resource's verb, or by what serves the other paths. */
public final class Pipeline {

    /** Subresources of pods through which one gets into their containers. */
    private static final Set<String> PODS_ENTRANCES = Set.of("attach", "exec", "portforward");

    private final Authorizer authorizer;
    private final ResourceRouter resources;
    private final SystemPaths paths;

    public Pipeline(Authorizer authorizer, ResourceRouter resources, SystemPaths paths) {
        this.authorizer = authorizer;
        this.resources = resources;
        this.paths = paths;
    }

    /**
     * @throws ApiException when the answer is an error
     */
    public Answer handle(ApiRequest request) {
        authorize(request, request.info().attributes());
        RequestInfo info = request.info();
        if (info.resource().equals("pods")
                && info.verb().equals("get")
                && PODS_ENTRANCES.contains(info.subresource())) {
            // A WebSocket begins with GET, but whoever may only read must not run commands.
            authorize(request, info.attributes().withVerb("create"));
        }
        return request.info().isResourceRequest() ? resources.answer(request) : paths.answer(request);
    }

    private void authorize(ApiRequest request, Authorizer.Attributes attributes) {
        switch (authorizer.authorize(request.user(), attributes)) {
            case Decision.Allowed ignored -> {}
            case Decision.Denied denied -> throw forbidden(request, attributes.verb(), denied.reason());
        }
    }

    private static ApiException forbidden(ApiRequest request, String verb, String reason) {
        RequestInfo info = request.info();
        String user = "User \"" + request.user().name() + "\" cannot " + verb + " ";
        String because = reason.isEmpty() ? "" : ": " + reason;
        if (!info.isResourceRequest()) {
            return new ApiException(new Status(
                    403,
                    "Forbidden",
                    "forbidden: " + user + "path \"" + info.path() + "\"" + because,
                    new Status.Details("", "", "", "", List.of(), 0)));
        }
        String resource = info.subresource().isEmpty() ? info.resource() : info.resource() + "/" + info.subresource();
        String scope =
                info.namespace().isEmpty() ? " at the cluster scope" : " in the namespace \"" + info.namespace() + "\"";
        return ApiException.forbidden(
                new GroupResource(info.group(), info.resource()),
                info.name(),
                user + "resource \"" + resource + "\" in API group \"" + info.group() + "\"" + scope + because);
    }
}
