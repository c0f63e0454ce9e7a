package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import org.jspecify.annotations.Nullable;

/** Kubelets are the users {@code system:node:NAME} in the group {@code system:nodes}. */
public final class NodeIdentity {

    private static final String PREFIX = "system:node:";
    private static final String GROUP = "system:nodes";

    private NodeIdentity() {}

    /** The node whose kubelet this user is, {@code ""} for a kubelet of no known node, null for other users. */
    public static @Nullable String of(User user) {
        return user.name().startsWith(PREFIX) && user.isInGroup(GROUP)
                ? user.name().substring(PREFIX.length())
                : null;
    }
}
