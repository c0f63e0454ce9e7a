package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.cache.CacheObserver;
import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.cache.SortedObjects;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Roles and bindings, by the subjects they are about: a question looks at the bindings of its user and groups, however many
 * others there are. Changes come in on the thread that feeds the cache; readers never wait.
 */
public final class RoleIndex {

    public static final String GROUP = "rbac.authorization.k8s.io";

    static final GroupResource ROLES = new GroupResource(GROUP, "roles");
    static final GroupResource CLUSTER_ROLES = new GroupResource(GROUP, "clusterroles");
    static final GroupResource ROLE_BINDINGS = new GroupResource(GROUP, "rolebindings");
    static final GroupResource CLUSTER_ROLE_BINDINGS = new GroupResource(GROUP, "clusterrolebindings");

    private static final String SERVICE_ACCOUNT = "system:serviceaccount:";

    /** Rules by the keys of their roles; keys of roles in namespaces have a slash. */
    private final Map<String, List<PolicyRule>> roles = new ConcurrentHashMap<>();

    /** By namespace, {@code ""} for the whole cluster. */
    private final Map<String, Grants> grants = new ConcurrentHashMap<>();

    /** What is granted in one namespace, by the name of the subject. */
    private static final class Grants {
        private final Map<String, List<Grant>> users = new ConcurrentHashMap<>();
        private final Map<String, List<Grant>> groups = new ConcurrentHashMap<>();
    }

    /**
     * What a binding gives to one of its subjects.
     *
     * @param binding the key of the binding
     * @param role the key of the role
     * @param reason why something is allowed by this
     */
    private record Grant(String binding, String role, String reason) {}

    /** Begins to follow the cache. */
    public static RoleIndex of(WatchCache cache) {
        RoleIndex index = new RoleIndex();
        cache.observe(ROLES, index.new RolesObserver(false));
        cache.observe(CLUSTER_ROLES, index.new RolesObserver(true));
        cache.observe(ROLE_BINDINGS, index.new BindingsObserver(false));
        cache.observe(CLUSTER_ROLE_BINDINGS, index.new BindingsObserver(true));
        return index;
    }

    /** Looks at rules that apply to a user. */
    interface Visitor {

        /** Returns whether to go on. */
        boolean visit(List<PolicyRule> rules, String reason);

        /** A binding names a role that is not there. */
        void missing(String problem);
    }

    /** Shows the rules that hold for a user in the whole cluster, then those of a namespace when it names one. */
    void visit(User user, String namespace, Visitor visitor) {
        if (visitScope(user, "", visitor) && !namespace.isEmpty()) {
            visitScope(user, namespace, visitor);
        }
    }

    private boolean visitScope(User user, String namespace, Visitor visitor) {
        Grants scope = grants.get(namespace);
        if (scope == null || !visitGrants(scope.users.get(user.name()), visitor)) {
            return scope == null;
        }
        for (String group : user.groups()) {
            if (!visitGrants(scope.groups.get(group), visitor)) {
                return false;
            }
        }
        return true;
    }

    private boolean visitGrants(@Nullable List<Grant> found, Visitor visitor) {
        if (found == null) {
            return true;
        }
        for (Grant grant : found) {
            List<PolicyRule> rules = roles.get(grant.role());
            if (rules == null) {
                visitor.missing(notFound(grant.role()));
            } else if (!visitor.visit(rules, grant.reason())) {
                return false;
            }
        }
        return true;
    }

    /** The rules of a role that a binding may name; empty when there is no such role. */
    Optional<List<PolicyRule>> rulesOf(String roleKey) {
        return Optional.ofNullable(roles.get(roleKey));
    }

    /** The key of the role that a binding in this namespace ({@code ""} for cluster role bindings) names. */
    static String roleKey(JsonNode roleRef, String namespace) {
        String name = roleRef.path("name").asString("");
        return roleRef.path("kind").asString("").equals("Role") ? namespace + "/" + name : name;
    }

    private static String notFound(String roleKey) {
        int slash = roleKey.indexOf('/');
        return slash < 0
                ? "clusterrole." + GROUP + " \"" + roleKey + "\" not found"
                : "role." + GROUP + " \"" + roleKey.substring(slash + 1) + "\" not found";
    }

    private final class RolesObserver implements CacheObserver {

        private final boolean ofCluster;

        RolesObserver(boolean ofCluster) {
            this.ofCluster = ofCluster;
        }

        @Override
        public void reset(SortedObjects objects) {
            roles.keySet().removeIf(key -> key.indexOf('/') < 0 == ofCluster && objects.get(key) == null);
            objects.scan("", role -> {
                changed(null, role);
                return true;
            });
        }

        @Override
        public void changed(@Nullable CachedObject before, @Nullable CachedObject after) {
            if (after != null) {
                roles.put(
                        after.key(),
                        PolicyRule.all(KubeObject.parse(after.object().value()).at("rules")));
            } else if (before != null) {
                roles.remove(before.key());
            }
        }
    }

    private final class BindingsObserver implements CacheObserver {

        private final boolean ofCluster;

        BindingsObserver(boolean ofCluster) {
            this.ofCluster = ofCluster;
        }

        @Override
        public void reset(SortedObjects objects) {
            // The store was lost from sight for long: rather a moment without rights than with rights that are gone.
            grants.keySet().removeIf(namespace -> namespace.isEmpty() == ofCluster);
            objects.scan("", binding -> {
                changed(null, binding);
                return true;
            });
        }

        @Override
        public void changed(@Nullable CachedObject before, @Nullable CachedObject after) {
            // First the new, then the old: what both give is never missing in between.
            List<Given> old = before == null ? List.of() : given(before);
            List<Given> now = after == null ? List.of() : given(after);
            now.forEach(each -> add(each));
            old.stream().filter(each -> !now.contains(each)).forEach(each -> remove(each));
        }

        private void add(Given given) {
            scope(given.namespace(), given.toGroup()).compute(given.subject(), (subject, present) -> {
                List<Grant> all = present == null ? new ArrayList<>() : new ArrayList<>(present);
                if (!all.contains(given.grant())) {
                    all.add(given.grant());
                }
                return List.copyOf(all);
            });
        }

        private void remove(Given given) {
            scope(given.namespace(), given.toGroup()).computeIfPresent(given.subject(), (subject, present) -> {
                List<Grant> left = new ArrayList<>(present);
                left.remove(given.grant());
                return left.isEmpty() ? null : List.copyOf(left);
            });
            Grants scope = grants.get(given.namespace());
            if (scope != null && scope.users.isEmpty() && scope.groups.isEmpty()) {
                grants.remove(given.namespace());
            }
        }

        private Map<String, List<Grant>> scope(String namespace, boolean ofGroups) {
            Grants scope = grants.computeIfAbsent(namespace, ignored -> new Grants());
            return ofGroups ? scope.groups : scope.users;
        }

        private List<Given> given(CachedObject cached) {
            KubeObject binding = KubeObject.parse(cached.object().value());
            String namespace = ofCluster ? "" : binding.namespace();
            JsonNode roleRef = binding.at("roleRef");
            String role = roleKey(roleRef, namespace);
            String prefix = "RBAC: allowed by "
                    + (ofCluster
                            ? "ClusterRoleBinding \"" + binding.name() + "\""
                            : "RoleBinding \"" + binding.name() + "/" + namespace + "\"")
                    + " of " + roleRef.path("kind").asString("") + " \""
                    + roleRef.path("name").asString("") + "\" to ";
            List<Given> given = new ArrayList<>();
            for (JsonNode subject : binding.at("subjects")) {
                String kind = subject.path("kind").asString("");
                String name = subject.path("name").asString("");
                boolean isAccount = kind.equals("ServiceAccount");
                if (!isAccount && !kind.equals("User") && !kind.equals("Group")) {
                    continue;
                }
                String shown = name;
                if (isAccount) {
                    String home = subject.path("namespace").asString(namespace);
                    shown = name + "/" + home;
                    name = SERVICE_ACCOUNT + home + ":" + name;
                }
                Grant grant = new Grant(cached.key(), role, prefix + kind + " \"" + shown + "\"");
                given.add(new Given(namespace, kind.equals("Group"), name, grant));
            }
            return given;
        }
    }

    /** A grant and whose it is. */
    private record Given(String namespace, boolean toGroup, String subject, Grant grant) {}
}
