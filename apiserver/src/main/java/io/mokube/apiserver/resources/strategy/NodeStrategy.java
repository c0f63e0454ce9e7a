package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Nodes, which register themselves together with their first status. */
final class NodeStrategy extends SpecStatusStrategy {

    private static final Set<String> EFFECTS = Set.of("NoSchedule", "PreferNoSchedule", "NoExecute");

    @Override
    public void applyDefaults(KubeObject node) {
        Tree.child(node.root(), "spec");
        ObjectNode status = Tree.child(node.root(), "status");
        if (!status.has("allocatable") && status.has("capacity")) {
            status.set("allocatable", status.path("capacity").deepCopy());
        }
    }

    @Override
    public void prepareForCreate(KubeObject node) {
        JsonNode cidr = node.at("spec", "podCIDR");
        if (!cidr.asString("").isEmpty() && node.at("spec", "podCIDRs").isEmpty()) {
            Tree.child(node.root(), "spec").putArray("podCIDRs").add(cidr.asString(""));
        }
    }

    @Override
    public void prepareForUpdate(KubeObject node, KubeObject old) {
        super.prepareForUpdate(node, old);
        prepareForCreate(node);
    }

    @Override
    public void validateCreate(KubeObject node, List<FieldError> errors) {
        JsonNode ranges = node.at("spec", "podCIDRs");
        for (int i = 0; i < ranges.size(); i++) {
            Check.cidr(ranges.path(i).asString(""), "spec.podCIDRs[" + i + "]", errors);
        }
        Set<String> seen = new HashSet<>();
        List<ObjectNode> taints = Tree.items(node.at("spec"), "taints");
        for (int i = 0; i < taints.size(); i++) {
            ObjectNode taint = taints.get(i);
            String path = "spec.taints[" + i + "]";
            Check.name(Tree.text(taint, "key"), NameFormat::qualifiedName, path + ".key", errors);
            Check.name(Tree.text(taint, "value"), NameFormat::labelValue, path + ".value", errors);
            if (Tree.text(taint, "effect").isEmpty()) {
                errors.add(FieldError.required(path + ".effect", ""));
            }
            Check.oneOf(taint, "effect", path, EFFECTS, errors);
            if (!seen.add(Tree.text(taint, "key") + ":" + Tree.text(taint, "effect"))) {
                errors.add(FieldError.duplicate(path, taint));
            }
        }
    }

    @Override
    public void validateUpdate(KubeObject node, KubeObject old, List<FieldError> errors) {
        validateCreate(node, errors);
        String before = Tree.text(old.at("spec"), "podCIDR");
        if (!before.isEmpty() && !before.equals(Tree.text(node.at("spec"), "podCIDR"))) {
            errors.add(FieldError.forbidden(
                    "spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid"));
        }
        String provider = Tree.text(old.at("spec"), "providerID");
        if (!provider.isEmpty() && !provider.equals(Tree.text(node.at("spec"), "providerID"))) {
            errors.add(FieldError.forbidden(
                    "spec.providerID", "node updates may not change providerID except from \"\" to valid"));
        }
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of(
                "spec.unschedulable",
                node -> Boolean.toString(node.at("spec", "unschedulable").asBoolean(false)));
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
