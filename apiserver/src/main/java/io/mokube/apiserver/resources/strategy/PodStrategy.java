package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Pods: once created, little of their spec may change; their deletion takes as long as their containers may. */
final class PodStrategy extends SpecStatusStrategy {

    private static final String FROZEN = "pod updates may not change fields other than `spec.containers[*].image`,"
            + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to"
            + " existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously"
            + " negative)";

    @Override
    public void applyDefaults(KubeObject pod) {
        ObjectNode spec = Tree.child(pod.root(), "spec");
        PodSpecDefaults.apply(spec);
        Tree.orElse(spec, "enableServiceLinks", true);
        for (String list : List.of("containers", "initContainers")) {
            for (ObjectNode container : Tree.items(spec, list)) {
                requestWhatIsLimited(Tree.child(container, "resources"));
            }
        }
    }

    /** A limit without a request is a request too. */
    private static void requestWhatIsLimited(ObjectNode resources) {
        for (Map.Entry<String, JsonNode> limit : resources.path("limits").properties()) {
            ObjectNode requests = Tree.child(resources, "requests");
            if (!requests.has(limit.getKey())) {
                requests.set(limit.getKey(), limit.getValue());
            }
        }
    }

    @Override
    public void prepareForCreate(KubeObject pod) {
        ObjectNode status = pod.root().putObject("status");
        status.put("phase", "Pending");
        status.put("qosClass", qosClass(pod.at("spec")));
    }

    @Override
    public void prepareForUpdate(KubeObject pod, KubeObject old) {
        keep("status", pod, old);
    }

    @Override
    public void prepareForSubresourceUpdate(String subresource, KubeObject pod, KubeObject old) {
        switch (subresource) {
            case "status" -> {
                keepAllButStatus(pod, old);
                JsonNode owners = old.at("metadata", "ownerReferences");
                if (owners.isMissingNode()) {
                    pod.metadata().remove("ownerReferences");
                } else {
                    pod.metadata().set("ownerReferences", owners.deepCopy());
                }
                status(Tree.child(pod.root(), "status"), old.at("status"));
            }
            case "ephemeralcontainers" -> {
                JsonNode containers = pod.at("spec", "ephemeralContainers");
                restore(pod, old);
                if (containers.isArray()) {
                    Tree.child(pod.root(), "spec").set("ephemeralContainers", containers);
                }
            }
            case "resize" -> PodResize.prepare(pod, old);
            default -> {}
        }
    }

    private static void restore(KubeObject pod, KubeObject old) {
        keep("spec", pod, old);
        keep("status", pod, old);
    }

    /** The single and the plural form of addresses always say the same, and the quality of service never changes. */
    private static void status(ObjectNode status, JsonNode old) {
        plural(status, "podIP", "podIPs");
        plural(status, "hostIP", "hostIPs");
        if (!status.has("qosClass") && old.has("qosClass")) {
            status.set("qosClass", old.path("qosClass"));
        }
    }

    private static void plural(ObjectNode status, String single, String plural) {
        String address = Tree.text(status, single);
        JsonNode list = status.path(plural);
        if (address.isEmpty() && !list.isEmpty()) {
            status.put(single, Tree.text(list.path(0), "ip"));
        } else if (!address.isEmpty() && !Tree.text(list.path(0), "ip").equals(address)) {
            status.putArray(plural).addObject().put("ip", address);
        }
    }

    @Override
    public void validateCreate(KubeObject pod, List<FieldError> errors) {
        ObjectNode spec = Tree.child(pod.root(), "spec");
        PodSpecValidation.validate(spec, "spec", errors);
        if (!spec.path("ephemeralContainers").isEmpty()) {
            errors.add(FieldError.forbidden("spec.ephemeralContainers", "cannot be set on create"));
        }
        if (!spec.path("schedulingGates").isEmpty() && spec.has("nodeName")) {
            errors.add(
                    FieldError.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
        }
    }

    @Override
    public void validateUpdate(KubeObject pod, KubeObject old, List<FieldError> errors) {
        ObjectNode spec = Tree.child(pod.root(), "spec");
        ObjectNode oldSpec = Tree.child(old.root(), "spec");
        PodSpecValidation.validate(spec, "spec", errors);
        if (spec.path("containers").size() != oldSpec.path("containers").size()) {
            errors.add(FieldError.forbidden("spec.containers", "pod updates may not add or remove containers"));
            return;
        }
        if (spec.path("initContainers").size() != oldSpec.path("initContainers").size()) {
            errors.add(
                    FieldError.forbidden("spec.initContainers", "pod updates may not add or remove init containers"));
            return;
        }
        deadline(spec, oldSpec, errors);
        tolerations(spec, oldSpec, errors);
        gates(spec, oldSpec, errors);
        List<String> changed = frozenChanges(spec, oldSpec);
        if (!changed.isEmpty()) {
            errors.add(FieldError.forbidden("spec", FROZEN + "; changed: " + String.join(", ", changed)));
        }
    }

    private static void deadline(ObjectNode spec, ObjectNode old, List<FieldError> errors) {
        if (!old.has("activeDeadlineSeconds")) {
            return;
        }
        long before = old.path("activeDeadlineSeconds").asLong(0);
        if (!spec.has("activeDeadlineSeconds")) {
            errors.add(FieldError.invalid(
                    "spec.activeDeadlineSeconds", "", "must not update from a positive integer to nil value"));
        } else if (spec.path("activeDeadlineSeconds").asLong(0) > before) {
            errors.add(FieldError.invalid(
                    "spec.activeDeadlineSeconds",
                    spec.path("activeDeadlineSeconds").asLong(0),
                    "must be less than or equal to previous value"));
        }
    }

    private static void tolerations(ObjectNode spec, ObjectNode old, List<FieldError> errors) {
        Set<JsonNode> now = new HashSet<>();
        for (ObjectNode toleration : Tree.items(spec, "tolerations")) {
            now.add(withoutSeconds(toleration));
        }
        for (ObjectNode toleration : Tree.items(old, "tolerations")) {
            if (!now.contains(withoutSeconds(toleration))) {
                errors.add(FieldError.forbidden(
                        "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"));
                return;
            }
        }
    }

    private static ObjectNode withoutSeconds(ObjectNode toleration) {
        ObjectNode copy = toleration.deepCopy();
        copy.remove("tolerationSeconds");
        return copy;
    }

    private static void gates(ObjectNode spec, ObjectNode old, List<FieldError> errors) {
        Set<String> before = new HashSet<>();
        Tree.items(old, "schedulingGates").forEach(gate -> before.add(Tree.text(gate, "name")));
        List<ObjectNode> gates = Tree.items(spec, "schedulingGates");
        for (int i = 0; i < gates.size(); i++) {
            String name = Tree.text(gates.get(i), "name");
            if (!before.contains(name)) {
                errors.add(FieldError.forbidden(
                        "spec.schedulingGates[" + i + "]",
                        "only deletion is allowed, but found new scheduling gate '" + name + "'"));
            }
        }
    }

    /** The fields that differ although they may not. */
    private static List<String> frozenChanges(ObjectNode spec, ObjectNode old) {
        ObjectNode allowed = spec.deepCopy();
        adopt(allowed, old, "activeDeadlineSeconds");
        adopt(allowed, old, "tolerations");
        adopt(allowed, old, "schedulingGates");
        if (old.path("terminationGracePeriodSeconds").asLong(0) < 0
                && spec.path("terminationGracePeriodSeconds").asLong(0) == 1) {
            adopt(allowed, old, "terminationGracePeriodSeconds");
        }
        if (!old.path("schedulingGates").isEmpty()) {
            // A pod that waits at a gate may still be steered.
            adopt(allowed, old, "nodeSelector");
            adopt(allowed, old, "affinity");
        }
        for (String list : List.of("containers", "initContainers")) {
            List<ObjectNode> containers = Tree.items(allowed, list);
            List<ObjectNode> before = Tree.items(old, list);
            for (int i = 0; i < containers.size(); i++) {
                adopt(containers.get(i), before.get(i), "image");
            }
        }
        List<String> changed = new ArrayList<>();
        Set<String> fields = new HashSet<>(allowed.propertyNames());
        fields.addAll(old.propertyNames());
        for (String field : fields) {
            if (!Tree.sameField(allowed, old, field)) {
                changed.add(field);
            }
        }
        changed.sort(null);
        return changed;
    }

    private static void adopt(ObjectNode target, ObjectNode old, String field) {
        if (old.has(field)) {
            target.set(field, old.path(field));
        } else {
            target.remove(field);
        }
    }

    @Override
    public void validateSubresourceUpdate(String subresource, KubeObject pod, KubeObject old, List<FieldError> errors) {
        switch (subresource) {
            case "status" -> {
                Check.immutable(pod.at("status"), old.at("status"), "qosClass", "status.qosClass", errors);
                String nominated = Tree.text(pod.at("status"), "nominatedNodeName");
                if (!nominated.isEmpty()) {
                    Check.name(nominated, NameFormat::dnsSubdomain, "status.nominatedNodeName", errors);
                }
                terminatedStays(pod, old, errors);
            }
            case "ephemeralcontainers" -> {
                PodSpecValidation.validate(Tree.child(pod.root(), "spec"), "spec", errors);
                Map<String, ObjectNode> now = new LinkedHashMap<>();
                Tree.items(pod.at("spec"), "ephemeralContainers")
                        .forEach(each -> now.put(Tree.text(each, "name"), each));
                for (ObjectNode before : Tree.items(old.at("spec"), "ephemeralContainers")) {
                    String name = Tree.text(before, "name");
                    ObjectNode after = now.get(name);
                    if (after == null) {
                        errors.add(FieldError.forbidden(
                                "spec.ephemeralContainers",
                                "existing ephemeral containers \"" + name + "\" may not be removed\n"));
                    } else if (!after.equals(before)) {
                        errors.add(FieldError.forbidden(
                                "spec.ephemeralContainers",
                                "existing ephemeral containers \"" + name + "\" may not be changed\n"));
                    }
                }
            }
            case "resize" -> {
                PodSpecValidation.validate(Tree.child(pod.root(), "spec"), "spec", errors);
                PodResize.validate(pod, old, errors);
            }
            default -> {}
        }
    }

    /** A container that will never be restarted never leaves the state terminated. */
    private static void terminatedStays(KubeObject pod, KubeObject old, List<FieldError> errors) {
        String restartPolicy = Tree.text(old.at("spec"), "restartPolicy");
        if (restartPolicy.equals("Always")) {
            return;
        }
        Map<String, JsonNode> before = new HashMap<>();
        Tree.items(old.at("status"), "containerStatuses")
                .forEach(each ->
                        before.put(Tree.text(each, "name"), each.path("state").path("terminated")));
        List<ObjectNode> statuses = Tree.items(pod.at("status"), "containerStatuses");
        for (int i = 0; i < statuses.size(); i++) {
            JsonNode terminated = before.get(Tree.text(statuses.get(i), "name"));
            boolean stays = terminated != null
                    && terminated.isObject()
                    && (restartPolicy.equals("Never")
                            || terminated.path("exitCode").asInt(0) == 0);
            if (stays && !statuses.get(i).path("state").has("terminated")) {
                errors.add(FieldError.forbidden(
                        "status.containerStatuses[" + i + "].state",
                        "may not be transitioned to non-terminated state"));
            }
        }
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of(
                "spec.nodeName", pod -> Tree.text(pod.at("spec"), "nodeName"),
                "spec.restartPolicy", pod -> Tree.text(pod.at("spec"), "restartPolicy"),
                "spec.schedulerName", pod -> Tree.text(pod.at("spec"), "schedulerName"),
                "spec.serviceAccountName", pod -> Tree.text(pod.at("spec"), "serviceAccountName"),
                "spec.hostNetwork",
                        pod -> Boolean.toString(pod.at("spec", "hostNetwork").asBoolean(false)),
                "status.phase", pod -> Tree.text(pod.at("status"), "phase"),
                "status.podIP", pod -> Tree.text(pod.at("status"), "podIP"),
                "status.podIPs", pod -> Tree.text(pod.at("status"), "podIP"),
                "status.nominatedNodeName", pod -> Tree.text(pod.at("status"), "nominatedNodeName"));
    }

    /** What was asked for, else what the spec says; nothing to wait for when no node runs the pod any more or yet. */
    @Override
    public Duration gracePeriod(KubeObject pod, @Nullable Duration requested) {
        String phase = Tree.text(pod.at("status"), "phase");
        boolean runsNowhere = Tree.text(pod.at("spec"), "nodeName").isEmpty();
        if (runsNowhere || phase.equals("Succeeded") || phase.equals("Failed")) {
            return Duration.ZERO;
        }
        Duration period = requested != null
                ? requested
                : Duration.ofSeconds(
                        pod.at("spec", "terminationGracePeriodSeconds").asLong(0));
        return period.isNegative() ? Duration.ofSeconds(1) : period;
    }

    /**
     * The quality of service Kubernetes promises: Guaranteed when every container's cpu and memory have limits that equal
     * the requests, BestEffort when none has either, Burstable otherwise.
     */
    static String qosClass(JsonNode spec) {
        boolean guaranteed = true;
        boolean anything = false;
        List<JsonNode> resources = new ArrayList<>();
        if (spec.path("resources").isObject()) {
            resources.add(spec.path("resources"));
        } else {
            Tree.items(spec, "containers").forEach(each -> resources.add(each.path("resources")));
            Tree.items(spec, "initContainers").forEach(each -> resources.add(each.path("resources")));
        }
        for (JsonNode each : resources) {
            for (String name : List.of("cpu", "memory")) {
                Quantity request = amount(each.path("requests").path(name));
                Quantity limit = amount(each.path("limits").path(name));
                anything |= request.compareTo(Quantity.ZERO) > 0 || limit.compareTo(Quantity.ZERO) > 0;
                guaranteed &= limit.compareTo(Quantity.ZERO) > 0
                        && (each.path("requests").path(name).isMissingNode() || request.equals(limit));
            }
        }
        if (!anything) {
            return "BestEffort";
        }
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    private static Quantity amount(JsonNode value) {
        return value.isString() ? Quantity.parse(value.stringValue()) : Quantity.ZERO;
    }
}
