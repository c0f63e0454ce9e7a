package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.audit.AuditedRequest;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.authz.Refusals;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.machinery.error.ApiException;
import java.util.Set;

/** Authorizes a request and has it answered: by a resource's verb, or by what serves the other paths. */
public final class Pipeline {

    /** Subresources of pods through which one gets into their containers. */
    private static final Set<String> PODS_ENTRANCES = Set.of("attach", "exec", "portforward");

    private final Authorizer authorizer;
    private final Elsewhere elsewhere;
    private final ResourceRouter resources;
    private final SystemPaths paths;
    private final Impersonation impersonation;

    /** @param elsewhere is asked first */
    public Pipeline(Authorizer authorizer, Elsewhere elsewhere, ResourceRouter resources, SystemPaths paths) {
        this.authorizer = authorizer;
        this.elsewhere = elsewhere;
        this.resources = resources;
        this.paths = paths;
        this.impersonation = new Impersonation(authorizer);
    }

    /**
     * Who a request is made as.
     *
     * @param user who makes it
     * @throws ApiException 403 when this user may not act as the one the headers name
     */
    public User actingUser(User user, RequestHeaders headers) {
        return impersonation.actingUser(user, headers);
    }

    /**
     * @throws ApiException when the answer is an error
     */
    public Answer handle(ApiRequest request) {
        Attributes asked = request.info().attributes();
        authorize(request, asked);
        boolean enters = asked.resource().equals("pods")
                && asked.verb().equals("get")
                && PODS_ENTRANCES.contains(asked.subresource());
        if (enters) {
            // A WebSocket begins with GET, but whoever may only read must not run commands.
            authorize(request, asked.withVerb("create"));
        }
        return elsewhere.answer(request).orElseGet(() -> answer(request));
    }

    private Answer answer(ApiRequest request) {
        return request.info().isResourceRequest() ? resources.answer(request) : paths.answer(request);
    }

    private void authorize(ApiRequest request, Attributes asked) {
        switch (authorizer.authorize(request.user(), asked)) {
            case Decision.Allowed allowed -> annotate("allow", allowed.reason());
            case Decision.Denied denied -> {
                annotate("forbid", denied.reason());
                throw Refusals.forbidden(request.user(), asked, denied.reason());
            }
        }
    }

    private static void annotate(String decision, String reason) {
        AuditedRequest.annotate("authorization.k8s.io/decision", decision);
        AuditedRequest.annotate("authorization.k8s.io/reason", reason);
    }
}
