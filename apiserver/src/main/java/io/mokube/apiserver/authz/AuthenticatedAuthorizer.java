package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import java.util.Set;

/**
 * Every user with a credential may do everything; anonymous requests may only ask for health and the version. For
 * clusters whose credentials are all handed out by their owner.
 */
public final class AuthenticatedAuthorizer implements Authorizer {

    private static final Set<String> PUBLIC_PATHS = Set.of("/healthz", "/livez", "/readyz", "/version");

    @Override
    public Decision authorize(User user, Attributes attributes) {
        if (user.isInGroup(User.AUTHENTICATED)) {
            return new Decision.Allowed("");
        }
        boolean isPublic = !attributes.isResourceRequest()
                && attributes.verb().equals("get")
                && PUBLIC_PATHS.contains(topLevel(attributes.path()));
        return isPublic ? new Decision.Allowed("") : new Decision.Denied("");
    }

    /** {@code /livez/ping} belongs to {@code /livez}. */
    private static String topLevel(String path) {
        int slash = path.indexOf('/', 1);
        return slash < 0 ? path : path.substring(0, slash);
    }
}
