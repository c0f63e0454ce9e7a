package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import java.util.ArrayList;
import java.util.List;

/**
 * Several authorizers: what one of them allows is allowed, and the members of {@code system:masters} may do everything,
 * whatever the roles are.
 */
public final class AuthorizerChain implements Authorizer {

    private static final Decision.Allowed MASTER = new Decision.Allowed("");

    private final List<Authorizer> authorizers;
    private final CatchUp catchUp;

    /** Makes what the authorizers decide from as new as the store. */
    @FunctionalInterface
    public interface CatchUp {

        /** Waits until every write acknowledged so far is known; false when nothing was new, or the store is away. */
        boolean catchUp();
    }

    /**
     * @param catchUp asked before a refusal: who was just given a right finds it in force. Nobody who is not known can
     *     make the server ask
     */
    public AuthorizerChain(List<Authorizer> authorizers, CatchUp catchUp) {
        this.authorizers = List.copyOf(authorizers);
        this.catchUp = catchUp;
    }

    @Override
    public Decision authorize(User user, Attributes attributes) {
        if (user.isInGroup(User.SYSTEM_MASTERS)) {
            return MASTER;
        }
        Decision decision = decide(user, attributes);
        boolean isFinal = decision instanceof Decision.Allowed || !user.isInGroup(User.AUTHENTICATED);
        return isFinal || !catchUp.catchUp() ? decision : decide(user, attributes);
    }

    private Decision decide(User user, Attributes attributes) {
        String reasons = "";
        for (Authorizer authorizer : authorizers) {
            switch (authorizer.authorize(user, attributes)) {
                case Decision.Allowed allowed -> {
                    return allowed;
                }
                case Decision.Denied denied -> {
                    String separator = reasons.isEmpty() || denied.reason().isEmpty() ? "" : "\n";
                    reasons = reasons + separator + denied.reason();
                }
            }
        }
        return new Decision.Denied(reasons);
    }

    @Override
    public Held rules(User user, String namespace) {
        List<PolicyRule> rules = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Authorizer authorizer : authorizers) {
            Held held = authorizer.rules(user, namespace);
            rules.addAll(held.rules());
            problems.addAll(held.problems());
        }
        return new Held(rules, problems);
    }
}
