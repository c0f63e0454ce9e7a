package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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

    @Override
    void validateSpec(ObjectNode spec, List<FieldError> errors) {
        Check.oneOf(spec, "podManagementPolicy", "spec", Set.of("OrderedReady", "Parallel"), errors);
        Check.oneOf(
                spec.path("updateStrategy"),
                "type",
                "spec.updateStrategy",
                Set.of("OnDelete", "RollingUpdate"),
                errors);
        Check.notNegative(
                spec.path("updateStrategy").path("rollingUpdate"),
                "partition",
                "spec.updateStrategy.rollingUpdate",
                errors);
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
