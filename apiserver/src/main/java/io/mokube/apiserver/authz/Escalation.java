package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer.Held;
import java.util.List;

/** Whether rights that someone is about to give away exceed their own. */
public final class Escalation {

    private Escalation() {}

    /** Why the user may not grant these rules in a namespace ({@code ""} for everywhere), {@code ""} when they may. */
    public static String refusal(Authorizer authorizer, User user, String namespace, List<PolicyRule> granted) {
        Held held = authorizer.rules(user, namespace);
        List<PolicyRule> missing = PolicyRule.missing(held.rules(), granted);
        if (missing.isEmpty()) {
            return "";
        }
        List<String> lines = PolicyRule.compact(missing).stream()
                .map(PolicyRule::toString)
                .distinct()
                .sorted()
                .toList();
        String problems =
                held.problems().isEmpty() ? "" : "; resolution errors: " + RbacAuthorizer.listed(held.problems());
        return "user \"" + user.name() + "\" (groups=" + PolicyRule.quoted(user.groups())
                + ") is attempting to grant RBAC permissions not currently held:\n" + String.join("\n", lines)
                + problems;
    }

    /** Whether the user may do everything, everywhere. */
    public static boolean isAlmighty(Authorizer authorizer, User user) {
        return PolicyRule.covers(authorizer.rules(user, "").rules(), PolicyRule.EVERYTHING);
    }
}
