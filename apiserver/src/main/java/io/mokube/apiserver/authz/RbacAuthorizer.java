package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import java.util.ArrayList;
import java.util.List;

/** Allows what a role allows that is bound to the user or to one of the user's groups. */
public final class RbacAuthorizer implements Authorizer {

    private final RoleIndex index;

    public RbacAuthorizer(RoleIndex index) {
        this.index = index;
    }

    @Override
    public Decision authorize(User user, Attributes attributes) {
        Search search = new Search(attributes);
        index.visit(user, attributes.namespace(), search);
        String reason = search.reason;
        return reason.isEmpty()
                ? new Decision.Denied(search.problems.isEmpty() ? "" : "RBAC: " + listed(search.problems))
                : new Decision.Allowed(reason);
    }

    private static final class Search implements RoleIndex.Visitor {

        private final Attributes asked;
        private String reason = "";
        private List<String> problems = List.of();

        Search(Attributes asked) {
            this.asked = asked;
        }

        @Override
        public boolean visit(List<PolicyRule> rules, String why) {
            for (PolicyRule rule : rules) {
                if (rule.allows(asked)) {
                    reason = why;
                    return false;
                }
            }
            return true;
        }

        @Override
        public void missing(String problem) {
            if (problems.isEmpty()) {
                problems = new ArrayList<>();
            }
            if (!problems.contains(problem)) {
                problems.add(problem);
            }
        }
    }

    @Override
    public Held rules(User user, String namespace) {
        List<PolicyRule> rules = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        index.visit(user, namespace, new RoleIndex.Visitor() {
            @Override
            public boolean visit(List<PolicyRule> more, String reason) {
                rules.addAll(more);
                return true;
            }

            @Override
            public void missing(String problem) {
                problems.add(problem);
            }
        });
        return new Held(rules, problems);
    }

    static String listed(List<String> problems) {
        return problems.size() == 1 ? problems.getFirst() : "[" + String.join(", ", problems) + "]";
    }
}
