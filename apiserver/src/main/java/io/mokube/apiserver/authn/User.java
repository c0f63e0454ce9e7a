package io.mokube.apiserver.authn;

import java.util.List;
import java.util.Map;

/**
 * Who asks: what authentication found out.
 *
 * @param name such as {@code kubernetes-admin} or {@code system:serviceaccount:default:default}
 * @param uid {@code ""} when the credentials carry none
 * @param groups the groups, {@code system:authenticated} or {@code system:unauthenticated} among them
 * @param extra what else the credentials said, such as the pod a token is bound to
 */
public record User(String name, String uid, List<String> groups, Map<String, List<String>> extra) {

    public static final String ANONYMOUS = "system:anonymous";
    public static final String SYSTEM_MASTERS = "system:masters";
    public static final String AUTHENTICATED = "system:authenticated";
    public static final String UNAUTHENTICATED = "system:unauthenticated";

    public User {
        groups = List.copyOf(groups);
        extra = Map.copyOf(extra);
    }

    public User(String name, List<String> groups) {
        this(name, "", groups, Map.of());
    }

    public boolean isInGroup(String group) {
        return groups.contains(group);
    }
}
