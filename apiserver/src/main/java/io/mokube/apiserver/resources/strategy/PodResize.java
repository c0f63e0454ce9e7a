package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The subresource {@code resize} of pods: what their containers ask for of cpu and memory may change while they run, and
 * nothing else. The node carries it out and tells of it in the status.
 */
final class PodResize {

    private static final List<String> LISTS = List.of("containers", "initContainers");
    private static final Set<String> RESIZABLE = Set.of("cpu", "memory");
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private PodResize() {}

    /** Takes the wanted resources into the stored pod. The wanted order of containers stays, for validation to judge. */
    static void prepare(KubeObject pod, KubeObject old) {
        Map<String, List<ObjectNode>> wanted = new HashMap<>();
        LISTS.forEach(list -> wanted.put(list, Tree.items(pod.at("spec"), list)));
        SpecStatusStrategy.keep("spec", pod, old);
        SpecStatusStrategy.keep("status", pod, old);
        ObjectNode spec = Tree.child(pod.root(), "spec");
        wanted.forEach((list, containers) -> {
            if (!containers.isEmpty() || spec.has(list)) {
                resize(spec, list, containers);
            }
        });
    }

    private static void resize(ObjectNode spec, String list, List<ObjectNode> wanted) {
        Map<String, ObjectNode> stored = new HashMap<>();
        Tree.items(spec, list).forEach(each -> stored.put(Tree.text(each, "name"), each));
        ArrayNode resized = spec.putArray(list);
        for (ObjectNode container : wanted) {
            ObjectNode result = stored.getOrDefault(Tree.text(container, "name"), container);
            if (container.path("resources") instanceof ObjectNode resources) {
                result.set("resources", resources);
            } else {
                result.remove("resources");
            }
            resized.add(result);
        }
    }

    static void validate(KubeObject pod, KubeObject old, List<FieldError> errors) {
        if (old.annotations().containsKey(MIRROR)) {
            errors.add(FieldError.forbidden("", "static pods cannot be resized"));
            return;
        }
        String qos = Tree.text(old.at("status"), "qosClass");
        String now = PodStrategy.qosClass(pod.at("spec"));
        if (!now.equals(qos.isEmpty() ? PodStrategy.qosClass(old.at("spec")) : qos)) {
            errors.add(FieldError.invalid("metadata", now, "Pod QOS Class may not change as a result of resizing"));
        }
        boolean others = false;
        for (String list : LISTS) {
            List<ObjectNode> before = Tree.items(old.at("spec"), list);
            List<ObjectNode> after = Tree.items(pod.at("spec"), list);
            String path = "spec." + list;
            String kind = list.equals("containers") ? "containers" : "initContainers";
            if (before.size() != after.size()) {
                errors.add(FieldError.forbidden(path, kind + " may not be added or removed on resize"));
                continue;
            }
            for (int i = 0; i < before.size(); i++) {
                String here = path + "[" + i + "]";
                if (!Tree.text(before.get(i), "name").equals(Tree.text(after.get(i), "name"))) {
                    errors.add(FieldError.forbidden(here, kind + " may not be renamed or reordered on resize"));
                } else {
                    others |= container(list, before.get(i), after.get(i), here, errors);
                }
            }
        }
        if (others) {
            errors.add(FieldError.forbidden("spec", "only cpu and memory resources are mutable"));
        }
    }

    /** Returns whether resources other than those that can be resized differ. */
    private static boolean container(
            String list, ObjectNode before, ObjectNode after, String path, List<FieldError> errors) {
        JsonNode was = before.path("resources");
        JsonNode is = after.path("resources");
        boolean sidecar = Tree.text(before, "restartPolicy").equals("Always");
        if (list.equals("initContainers") && !sidecar) {
            if (!Tree.same(was, is)) {
                errors.add(FieldError.forbidden(
                        path + ".resources", "resources for non-sidecar init containers are immutable"));
            }
            return false;
        }
        boolean others = !Tree.sameField(was, is, "claims");
        for (String field : List.of("requests", "limits")) {
            boolean removed = false;
            for (String name : names(was.path(field), is.path(field))) {
                JsonNode old = was.path(field).path(name);
                JsonNode now = is.path(field).path(name);
                if (RESIZABLE.contains(name)) {
                    removed |= now.isMissingNode() && !old.isMissingNode();
                } else {
                    others |= !old.equals(now);
                }
            }
            if (removed) {
                errors.add(
                        FieldError.forbidden(path + ".resources." + field, "resource " + field + " cannot be removed"));
            }
        }
        return others;
    }

    private static Iterable<String> names(JsonNode one, JsonNode other) {
        Set<String> names = new HashSet<>(one.propertyNames());
        names.addAll(other.propertyNames());
        return new ArrayList<>(names);
    }
}
