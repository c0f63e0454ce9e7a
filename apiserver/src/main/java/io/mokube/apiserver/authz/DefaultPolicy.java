package io.mokube.apiserver.authz;

import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The roles and bindings every cluster begins with, read from {@code default-policy.txt} beside this class, where the form
 * is explained.
 *
 * @param roles cluster roles and roles
 * @param bindings cluster role bindings and role bindings
 */
public record DefaultPolicy(List<KubeObject> roles, List<KubeObject> bindings) {

    /** Says by {@code "false"} that an object is to be left as its owner made it. */
    public static final String AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";

    private static final String API_VERSION = RoleIndex.GROUP + "/v1";
    private static final String CONTROLLER = "system:controller:";
    private static final String CONTROLLER_HOME = "kube-system";
    private static final String CONTROLLER_IDENTITY = "system:kube-controller-manager";
    private static final String FILE = "default-policy.txt";

    public DefaultPolicy {
        roles = List.copyOf(roles);
        bindings = List.copyOf(bindings);
    }

    /** Reads the policy. */
    public static DefaultPolicy read() {
        try (InputStream file = DefaultPolicy.class.getResourceAsStream(FILE)) {
            if (file == null) {
                throw new IllegalStateException(FILE + " is missing");
            }
            Reader reader = new Reader();
            new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(reader::line);
            return new DefaultPolicy(reader.roles, reader.bindings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The rules of a cluster role. */
    public List<PolicyRule> rulesOf(String clusterRole) {
        for (KubeObject role : roles) {
            if (role.namespace().isEmpty() && role.name().equals(clusterRole)) {
                return PolicyRule.all(role.at("rules"));
            }
        }
        throw new IllegalArgumentException("there is no default role " + clusterRole);
    }

    private static final class Reader {

        private final List<KubeObject> roles = new ArrayList<>();
        private final List<KubeObject> bindings = new ArrayList<>();
        private @Nullable KubeObject role;
        private @Nullable KubeObject binding;
        private String bindingName = "";

        private void line(String line) {
            if (line.isBlank() || line.startsWith("#")) {
                return;
            }
            String[] words = line.strip().split(" +");
            switch (words[0]) {
                case "cluster-role" -> {
                    begin("", words[1]);
                    for (String label : Arrays.asList(words).subList(2, words.length)) {
                        role().metadata().withObjectProperty("labels").put(label, "true");
                    }
                }
                case "role" -> begin(words[1], words[2]);
                case "controller" -> {
                    begin("", CONTROLLER + words[1]);
                    bind("account", CONTROLLER_HOME + "/" + words[1]);
                    bind("user", CONTROLLER_IDENTITY);
                }
                case "gather" -> gather(words[1]);
                case "allow" ->
                    rule(words).writeTo(role().root().withArrayProperty("rules").addObject());
                case "binding" -> bindingName = words[1];
                case "bind" -> bind(words[1], words.length > 2 ? words[2] : "");
                default -> throw new IllegalArgumentException("what is \"" + line + "\"?");
            }
        }

        private KubeObject role() {
            if (role == null) {
                throw new IllegalArgumentException("a rule before the first role");
            }
            return role;
        }

        private void begin(String namespace, String name) {
            role = object(namespace.isEmpty() ? "ClusterRole" : "Role", namespace, name);
            roles.add(role);
            binding = null;
            bindingName = name;
        }

        private static KubeObject object(String kind, String namespace, String name) {
            KubeObject object = KubeObject.of(API_VERSION, kind);
            object.setMetadata("name", name);
            if (!namespace.isEmpty()) {
                object.setMetadata("namespace", namespace);
            }
            object.metadata().putObject("annotations").put(AUTO_UPDATE, "true");
            object.metadata().putObject("labels").put("kubernetes.io/bootstrapping", "rbac-defaults");
            return object;
        }

        private void gather(String label) {
            role().root()
                    .putObject("aggregationRule")
                    .putArray("clusterRoleSelectors")
                    .addObject()
                    .putObject("matchLabels")
                    .put(label, "true");
        }

        private static PolicyRule rule(String[] words) {
            List<String> verbs = verbs(words[1]);
            if (words.length == 3) {
                return new PolicyRule(verbs, List.of(), List.of(), List.of(), list(words[2]));
            }
            List<String> groups = list(words[2]).stream()
                    .map(group -> group.equals("core") ? "" : group)
                    .sorted()
                    .toList();
            return new PolicyRule(
                    verbs, groups, list(words[3]), words.length > 4 ? list(words[4]) : List.of(), List.of());
        }

        private static List<String> verbs(String word) {
            List<String> read = List.of("get", "list", "watch");
            List<String> write = List.of("create", "delete", "deletecollection", "patch", "update");
            TreeSet<String> verbs = new TreeSet<>();
            switch (word) {
                case "read" -> verbs.addAll(read);
                case "write" -> verbs.addAll(write);
                case "readwrite" -> {
                    verbs.addAll(read);
                    verbs.addAll(write);
                }
                default -> verbs.addAll(list(word));
            }
            return List.copyOf(verbs);
        }

        private static List<String> list(String word) {
            return List.of(word.split(","));
        }

        private void bind(String kind, String name) {
            ArrayNode subjects = binding().root().withArrayProperty("subjects");
            switch (kind) {
                case "nobody" -> binding().root().remove("subjects");
                case "user", "group" -> {
                    ObjectNode subject = subjects.addObject();
                    subject.put("apiGroup", RoleIndex.GROUP);
                    subject.put("kind", kind.equals("user") ? "User" : "Group");
                    subject.put("name", name);
                }
                case "account" -> {
                    int slash = name.indexOf('/');
                    ObjectNode subject = subjects.addObject();
                    subject.put("kind", "ServiceAccount");
                    subject.put("name", name.substring(slash + 1));
                    subject.put("namespace", name.substring(0, slash));
                }
                default -> throw new IllegalArgumentException("what is a " + kind + "?");
            }
        }

        private KubeObject binding() {
            KubeObject present = binding;
            if (present != null) {
                return present;
            }
            KubeObject bound = role();
            KubeObject created = object(bound.kind() + "Binding", bound.namespace(), bindingName);
            ObjectNode reference = created.root().putObject("roleRef");
            reference.put("apiGroup", RoleIndex.GROUP);
            reference.put("kind", bound.kind());
            reference.put("name", bound.name());
            bindings.add(created);
            binding = created;
            return created;
        }
    }
}
