package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.GroupResource;
import java.util.List;

/** How a request is refused that its user may not make. */
public final class Refusals {

    private Refusals() {}

    /** 403, in Kubernetes' words. */
    public static ApiException forbidden(User user, Attributes asked, String reason) {
        String cannot = "User \"" + user.name() + "\" cannot " + asked.verb() + " ";
        String because = reason.isEmpty() ? "" : ": " + reason;
        if (!asked.isResourceRequest()) {
            return new ApiException(new Status(
                    403,
                    "Forbidden",
                    "forbidden: " + cannot + "path \"" + asked.path() + "\"" + because,
                    new Status.Details("", "", "", "", List.of(), 0)));
        }
        String resource =
                asked.subresource().isEmpty() ? asked.resource() : asked.resource() + "/" + asked.subresource();
        String scope = asked.namespace().isEmpty()
                ? " at the cluster scope"
                : " in the namespace \"" + asked.namespace() + "\"";
        return ApiException.forbidden(
                new GroupResource(asked.group(), asked.resource()),
                asked.name(),
                cannot + "resource \"" + resource + "\" in API group \"" + asked.group() + "\"" + scope + because);
    }
}
