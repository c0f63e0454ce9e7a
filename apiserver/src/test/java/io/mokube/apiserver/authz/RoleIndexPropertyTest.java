package io.mokube.apiserver.authz;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.storage.embedded.EmbeddedStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStoreConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** After any writes the index decides as a look at every role and binding would. */
class RoleIndexPropertyTest {

    private static final List<String> NAMESPACES = List.of("", "a", "b");
    private static final List<String> NAMES = List.of("x", "y");
    private static final List<String> VERBS = List.of("get", "list");

    /** Puts an object, or without one deletes it. */
    record Step(String kind, String namespace, String name, String verb, String role, List<String> subjects) {

        boolean isBinding() {
            return kind.endsWith("Binding");
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<String> kinds =
                Arbitraries.of("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "RoleBinding", "Role");
        Arbitrary<List<String>> subjects = Arbitraries.of("User u", "User v", "Group g", "ServiceAccount s")
                .list()
                .ofMaxSize(3);
        Arbitrary<Step> step = Combinators.combine(
                        kinds,
                        Arbitraries.of("a", "b"),
                        Arbitraries.of(NAMES),
                        Arbitraries.of("get", "list", "*", "delete me"),
                        Arbitraries.of("Role x", "Role y", "ClusterRole x", "ClusterRole y"),
                        subjects)
                .as((kind, namespace, name, verb, role, whom) ->
                        new Step(kind, kind.startsWith("Cluster") ? "" : namespace, name, verb, role, whom));
        return step.list().ofMinSize(1).ofMaxSize(25);
    }

    @Property(tries = 150)
    void decidesAsAFullSearch(@ForAll("steps") List<Step> steps) {
        Platform platform = Platform.system();
        ResourceRegistry resources = ResourceRegistry.ofBuiltIns();
        Map<String, KubeObject> model = new TreeMap<>();
        try (EmbeddedStore store = EmbeddedStore.open(EmbeddedStoreConfig.inMemory(), platform);
                WatchCache cache = new WatchCache(store, resources::find, platform)) {
            RbacAuthorizer authorizer = new RbacAuthorizer(RoleIndex.of(cache));
            cache.start();
            ObjectStore objects = new ObjectStore(store, cache, platform.clock());
            for (Step step : steps) {
                apply(step, resources, objects, model);
            }
            assertThat(cache.await(store.currentRevision(), Duration.ofMinutes(1)))
                    .isTrue();
            check(authorizer, model);
        }
    }

    private static void apply(
            Step step, ResourceRegistry resources, ObjectStore objects, Map<String, KubeObject> model) {
        GroupResource resource = new GroupResource(RoleIndex.GROUP, step.kind().toLowerCase(Locale.ROOT) + "s");
        ResourceDefinition definition = resources.find(resource).orElseThrow();
        ObjectKey key = new ObjectKey(step.namespace(), step.name());
        String place = step.kind() + " " + key;
        boolean isPresent = model.containsKey(place);
        if (step.verb().equals("delete me")) {
            if (isPresent) {
                objects.change(definition, key, Change.Delete::new);
                model.remove(place);
            }
            return;
        }
        KubeObject object = object(step);
        if (isPresent) {
            objects.change(definition, key, ignored -> new Change.Write(object));
        } else {
            objects.create(definition, object);
        }
        model.put(place, object);
    }

    private static KubeObject object(Step step) {
        KubeObject object = KubeObject.of(RoleIndex.GROUP + "/v1", step.kind());
        object.setMetadata("name", step.name());
        if (!step.namespace().isEmpty()) {
            object.setMetadata("namespace", step.namespace());
        }
        if (!step.isBinding()) {
            new PolicyRule(List.of(step.verb()), List.of(""), List.of("pods"), List.of(), List.of())
                    .writeTo(object.root().putArray("rules").addObject());
            return object;
        }
        String[] role =
                (step.namespace().isEmpty() ? "Cluster" + step.role().replace("Cluster", "") : step.role()).split(" ");
        object.root().putObject("roleRef").put("kind", role[0]).put("name", role[1]);
        for (String subject : step.subjects()) {
            String[] parts = subject.split(" ");
            ObjectNode added = object.root().withArrayProperty("subjects").addObject();
            added.put("kind", parts[0]).put("name", parts[1]);
            if (parts[0].equals("ServiceAccount")) {
                added.put("namespace", "a");
            }
        }
        return object;
    }

    private static void check(RbacAuthorizer authorizer, Map<String, KubeObject> model) {
        List<User> users = List.of(
                new User("u", List.of()),
                new User("v", List.of("g")),
                new User("system:serviceaccount:a:s", List.of("other")),
                new User("nobody", List.of("system:authenticated")));
        for (User user : users) {
            for (String namespace : NAMESPACES) {
                for (String verb : VERBS) {
                    Attributes asked = Attributes.ofResource(verb, "", "pods", namespace, "");
                    boolean allowed = authorizer.authorize(user, asked) instanceof Decision.Allowed;
                    assertThat(allowed)
                            .describedAs("%s %s in \"%s\" of %s", user.name(), verb, namespace, model.keySet())
                            .isEqualTo(isAllowed(user, verb, namespace, model));
                }
            }
        }
    }

    /** Looks at everything there is. */
    private static boolean isAllowed(User user, String verb, String namespace, Map<String, KubeObject> model) {
        for (KubeObject binding : model.values()) {
            boolean applies = binding.kind().endsWith("Binding")
                    && (binding.namespace().isEmpty() || binding.namespace().equals(namespace));
            if (!applies) {
                continue;
            }
            for (JsonNode subject : binding.at("subjects")) {
                if (isMeant(user, subject) && holds(binding, verb, model)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isMeant(User user, JsonNode subject) {
        String name = subject.path("name").asString();
        return switch (subject.path("kind").asString()) {
            case "User" -> user.name().equals(name);
            case "Group" -> user.groups().contains(name);
            default -> user.name().equals("system:serviceaccount:a:" + name);
        };
    }

    private static boolean holds(KubeObject binding, String verb, Map<String, KubeObject> model) {
        String kind = binding.at("roleRef", "kind").asString();
        String namespace = kind.equals("Role") ? binding.namespace() : "";
        KubeObject role = model.get(kind + " "
                + new ObjectKey(namespace, binding.at("roleRef", "name").asString()));
        if (role == null) {
            return false;
        }
        String granted = role.at("rules").path(0).path("verbs").path(0).asString();
        return granted.equals("*") || granted.equals(verb);
    }
}
