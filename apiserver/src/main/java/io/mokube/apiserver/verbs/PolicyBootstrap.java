package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.DefaultPolicy;
import io.mokube.apiserver.authz.PolicyRule;
import io.mokube.apiserver.cache.CachedObject;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes sure at every start that the default roles and bindings are there and lack nothing; what somebody added stays. An
 * object whose annotation {@code rbac.authorization.kubernetes.io/autoupdate} is {@code "false"} is left alone.
 */
final class PolicyBootstrap {

    private static final String RBAC = "rbac.authorization.k8s.io";

    private final Backend backend;
    private final Writes writes;
    private final Writes.Writer writer;

    PolicyBootstrap(Backend backend, User self) {
        this.backend = backend;
        this.writes = new Writes(backend);
        FieldManager manager = new FieldManager("kube-apiserver", false, RBAC + "/v1", "");
        this.writer = new Writes.Writer(self, false, warning -> {}, manager);
    }

    /** Writes what is missing, many objects at once: they do not depend on one another, and the store syncs once for all. */
    void ensure() {
        DefaultPolicy policy = DefaultPolicy.read();
        List<Callable<Void>> tasks = new ArrayList<>();
        for (List<KubeObject> objects : List.of(policy.roles(), policy.bindings())) {
            for (KubeObject object : objects) {
                tasks.add(() -> {
                    ensure(object);
                    return null;
                });
            }
        }
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("policy-", 0).factory())) {
            for (Future<Void> each : threads.invokeAll(tasks)) {
                each.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the default policy was written", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
        }
    }

    private void ensure(KubeObject expected) {
        GroupResource resource = new GroupResource(RBAC, expected.kind().toLowerCase(Locale.ROOT) + "s");
        ResourceDefinition definition = backend.resources().find(resource).orElseThrow();
        CachedObject present = backend.cache().get(resource, expected.key());
        if (present == null) {
            try {
                writes.create(definition, expected.deepCopy(), writer);
                return;
            } catch (ApiException e) {
                if (!e.isAlreadyExists()) {
                    throw e;
                }
            }
        } else if (reconciled(present.object().parse(), expected)
                .root()
                .equals(present.object().parse().root())) {
            return;
        }
        writes.update(definition, expected.key(), "", writer, current -> reconciled(current, expected));
    }

    /** The object as it shall be; changes the one it is given. */
    private static KubeObject reconciled(KubeObject current, KubeObject expected) {
        if ("false".equals(current.annotations().get(DefaultPolicy.AUTO_UPDATE))) {
            return current;
        }
        for (String field : List.of("labels", "annotations")) {
            for (Map.Entry<String, JsonNode> each :
                    expected.metadata().path(field).properties()) {
                current.metadata().withObjectProperty(field).set(each.getKey(), each.getValue());
            }
        }
        if (expected.at("aggregationRule").isObject()) {
            addMissing(
                    current.root().withObjectProperty("aggregationRule").withArrayProperty("clusterRoleSelectors"),
                    expected.at("aggregationRule", "clusterRoleSelectors"));
        } else if (expected.root().has("rules")) {
            addMissingRules(current, expected);
        }
        if (!expected.at("subjects").isEmpty()) {
            addMissing(current.root().withArrayProperty("subjects"), expected.at("subjects"));
        }
        return current;
    }

    private static void addMissing(ArrayNode present, JsonNode expected) {
        for (JsonNode each : expected) {
            boolean isThere = false;
            for (JsonNode other : present) {
                isThere |= other.equals(each);
            }
            if (!isThere) {
                present.add(each.deepCopy());
            }
        }
    }

    private static void addMissingRules(KubeObject current, KubeObject expected) {
        List<PolicyRule> missing =
                PolicyRule.missing(PolicyRule.all(current.at("rules")), PolicyRule.all(expected.at("rules")));
        for (PolicyRule rule : PolicyRule.compact(missing)) {
            ObjectNode added = current.root().withArrayProperty("rules").addObject();
            rule.writeTo(added);
        }
    }
}
