package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Stateful sets. */
final class StatefulSetStrategy extends WorkloadStrategy {

    private static final List<String> MUTABLE = List.of(
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds");

    StatefulSetStrategy() {
        super("statefulset");
    }

    @Override
    void specDefaults(ObjectNode spec) {
        Tree.orElse(spec, "podManagementPolicy", "OrderedReady");
        ObjectNode update = Tree.child(spec, "updateStrategy");
        Tree.orElse(update, "type", "RollingUpdate");
        if (Tree.text(update, "type").equals("RollingUpdate")) {
            Tree.orElse(Tree.child(update, "rollingUpdate"), "partition", 0);
        }
        ObjectNode retention = Tree.child(spec, "persistentVolumeClaimRetentionPolicy");
        Tree.orElse(retention, "whenDeleted", "Retain");
        Tree.orElse(retention, "whenScaled", "Retain");
        Tree.orElse(spec, "replicas", 1);
        Tree.orElse(spec, "revisionHistoryLimit", 10);
        for (ObjectNode claim : Tree.items(spec, "volumeClaimTemplates")) {
            Tree.orElse(claim, "kind", "PersistentVolumeClaim");
            Tree.orElse(claim, "apiVersion", "v1");
            Tree.orElse(Tree.child(claim, "spec"), "volumeMode", "Filesystem");
            Tree.orElse(Tree.child(claim, "status"), "phase", "Pending");
        }
    }

    /** Each claim becomes a volume of its name. */
    @Override
    ObjectNode podTemplate(ObjectNode spec, ObjectNode template) {
        ObjectNode whole = template.deepCopy();
        ArrayNode volumes = Tree.child(whole, "spec").withArrayProperty("volumes");
        for (ObjectNode claim : Tree.items(spec, "volumeClaimTemplates")) {
            String name = Tree.text(claim.path("metadata"), "name");
            if (Tree.items(Tree.child(whole, "spec"), "volumes").stream()
                    .noneMatch(volume -> Tree.text(volume, "name").equals(name))) {
                volumes.addObject()
                        .put("name", name)
                        .putObject("persistentVolumeClaim")
                        .put("claimName", name);
            }
        }
        return whole;
    }

    @Override
    void validateSpec(ObjectNode spec, List<FieldError> errors) {
        Check.oneOf(spec, "podManagementPolicy", "spec", Set.of("OrderedReady", "Parallel"), errors);
        JsonNode update = spec.path("updateStrategy");
        Check.oneOf(update, "type", "spec.updateStrategy", Set.of("OnDelete", "RollingUpdate"), errors);
        JsonNode rolling = update.path("rollingUpdate");
        String path = "spec.updateStrategy.rollingUpdate";
        if (rolling.isObject() && Tree.text(update, "type").equals("OnDelete")) {
            errors.add(FieldError.invalid(path, rolling, "only allowed for updateStrategy 'RollingUpdate'"));
        }
        Check.notNegative(rolling, "partition", path, errors);
        JsonNode unavailable = rolling.path("maxUnavailable");
        if (!unavailable.isMissingNode()) {
            Check.numberOrPercent(unavailable, path + ".maxUnavailable", errors);
            if (DeploymentStrategy.isZero(unavailable)) {
                errors.add(FieldError.invalid(path + ".maxUnavailable", unavailable, "cannot be 0"));
            }
        }
        JsonNode retention = spec.path("persistentVolumeClaimRetentionPolicy");
        for (String when : List.of("whenDeleted", "whenScaled")) {
            Check.oneOf(
                    retention, when, "spec.persistentVolumeClaimRetentionPolicy", Set.of("Delete", "Retain"), errors);
        }
        Check.notNegative(spec.path("ordinals"), "start", "spec.ordinals", errors);
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        validateCreate(object, errors);
        ObjectNode now = Tree.child(object.root(), "spec").deepCopy();
        ObjectNode before = Tree.child(old.root(), "spec").deepCopy();
        now.remove(MUTABLE);
        before.remove(MUTABLE);
        if (!now.equals(before)) {
            errors.add(FieldError.forbidden(
                    "spec",
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',"
                            + " 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and"
                            + " 'minReadySeconds' are forbidden"));
        }
    }

    /** Pods are named after the set, and a pod's name becomes its host name. */
    @Override
    public @Nullable String checkName(String name) {
        return NameFormat.dnsLabel(name).orElse(null);
    }
}
