package io.mokube.apiserver.table;

import static io.mokube.apiserver.table.ColumnTable.age;
import static io.mokube.apiserver.table.ColumnTable.name;
import static io.mokube.apiserver.table.ColumnTable.number;
import static io.mokube.apiserver.table.ColumnTable.text;
import static io.mokube.apiserver.table.ColumnTable.truth;
import static io.mokube.apiserver.table.ColumnTable.wide;
import static io.mokube.apiserver.table.Fields.UNSET;

import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Volumes, their classes and drivers, and devices. */
public final class StorageTables {

    public static final TableLayout PERSISTENT_VOLUMES = ColumnTable.of(
            name(),
            text("Capacity", "Size.", object -> Fields.textOr("0", object, "spec", "capacity", "storage")),
            text("Access Modes", "How it can be mounted.", object -> accessModes(object.at("spec", "accessModes"))),
            text(
                    "Reclaim Policy",
                    "What happens when it is released.",
                    object -> Fields.text(object, "spec", "persistentVolumeReclaimPolicy")),
            text("Status", "Whether it is bound.", object -> phase(object)),
            text("Claim", "Claim it is bound to.", object -> claim(object)),
            text("StorageClass", "Class it is of.", object -> storageClass(object)),
            text(
                    "VolumeAttributesClass",
                    "Class of its attributes.",
                    object -> Fields.textOr(UNSET, object, "spec", "volumeAttributesClassName")),
            text("Reason", "Why it is in its state.", object -> Fields.text(object, "status", "reason")),
            age(),
            wide(
                    "VolumeMode",
                    "File system or block device.",
                    object -> Fields.textOr(UNSET, object, "spec", "volumeMode")));

    public static final TableLayout PERSISTENT_VOLUME_CLAIMS = ColumnTable.of(
            name(),
            text("Status", "Whether it is bound.", object -> phase(object)),
            text("Volume", "Volume it is bound to.", object -> Fields.text(object, "spec", "volumeName")),
            text(
                    "Capacity",
                    "Size of the volume.",
                    object -> isBound(object) ? Fields.textOr("0", object, "status", "capacity", "storage") : ""),
            text(
                    "Access Modes",
                    "How it can be mounted.",
                    object -> isBound(object) ? accessModes(object.at("status", "accessModes")) : ""),
            text("StorageClass", "Class it asks for.", object -> storageClass(object)),
            text(
                    "VolumeAttributesClass",
                    "Class of attributes it asks for.",
                    object -> Fields.textOr(UNSET, object, "spec", "volumeAttributesClassName")),
            age(),
            wide(
                    "VolumeMode",
                    "File system or block device.",
                    object -> Fields.textOr(UNSET, object, "spec", "volumeMode")));

    public static final TableLayout STORAGE_CLASSES = ColumnTable.of(
            name(object -> isDefaultClass(object) ? object.name() + " (default)" : object.name()),
            text("Provisioner", "Who makes the volumes.", object -> Fields.text(object, "provisioner")),
            text(
                    "ReclaimPolicy",
                    "What happens when a volume is released.",
                    object -> Fields.textOr("Delete", object, "reclaimPolicy")),
            text(
                    "VolumeBindingMode",
                    "When claims are bound.",
                    object -> Fields.textOr("Immediate", object, "volumeBindingMode")),
            text(
                    "AllowVolumeExpansion",
                    "Whether volumes can grow.",
                    object -> object.at("allowVolumeExpansion").asBoolean(false)),
            age());

    public static final TableLayout VOLUME_ATTACHMENTS = ColumnTable.of(
            name(),
            new ColumnTable.Filled(
                    new TableLayout.Column("Attacher", "string", "name", "Driver that attaches.", 0),
                    (object, now) -> Fields.text(object, "spec", "attacher")),
            text("PV", "Volume.", object -> Fields.text(object, "spec", "source", "persistentVolumeName")),
            text("Node", "Node.", object -> Fields.text(object, "spec", "nodeName")),
            truth(
                    "Attached",
                    "Whether it is attached.",
                    object -> object.at("status", "attached").asBoolean(false)),
            age());

    public static final TableLayout VOLUME_ATTRIBUTES_CLASSES = ColumnTable.of(
            name(object -> isDefaultAttributesClass(object) ? object.name() + " (default)" : object.name()),
            text("DriverName", "Driver it is for.", object -> Fields.text(object, "driverName")),
            age());

    public static final TableLayout CSI_NODES = ColumnTable.of(
            name(), number("Drivers", "Drivers on the node.", object -> Fields.size(object, "spec", "drivers")), age());

    public static final TableLayout CSI_DRIVERS = ColumnTable.of(
            name(),
            truth(
                    "AttachRequired",
                    "Whether volumes are attached first.",
                    object -> object.at("spec", "attachRequired").asBoolean(true)),
            truth(
                    "PodInfoOnMount",
                    "Whether it is told of the pod.",
                    object -> object.at("spec", "podInfoOnMount").asBoolean(false)),
            truth(
                    "StorageCapacity",
                    "Whether it publishes capacity.",
                    object -> object.at("spec", "storageCapacity").asBoolean(false)),
            text("TokenRequests", "Audiences of tokens it gets.", object -> tokenRequests(object)),
            truth(
                    "RequiresRepublish",
                    "Whether it is called again and again.",
                    object -> object.at("spec", "requiresRepublish").asBoolean(false)),
            text("Modes", "Persistent or ephemeral.", object -> modes(object)),
            age());

    public static final TableLayout CSI_STORAGE_CAPACITIES = ColumnTable.of(
            name(),
            text("StorageClassName", "Class the capacity is of.", object -> Fields.text(object, "storageClassName")),
            text("Capacity", "Room there is.", object -> Fields.textOr(UNSET, object, "capacity")));

    public static final TableLayout RESOURCE_CLAIMS =
            ColumnTable.of(name(), text("State", "What has happened to it.", object -> claimState(object)), age());

    public static final TableLayout RESOURCE_SLICES = ColumnTable.of(
            name(),
            text("Node", "Node the devices are on.", object -> sliceNode(object)),
            text("Driver", "Driver of the devices.", object -> Fields.text(object, "spec", "driver")),
            text("Pool", "Pool the devices are in.", object -> Fields.text(object, "spec", "pool", "name")),
            age());

    /** Device classes and claim templates. */
    public static final TableLayout DEVICES = ColumnTable.of(name(), age());

    private static final Map<String, String> MODE_NAMES = Map.of(
            "ReadWriteOnce", "RWO",
            "ReadOnlyMany", "ROX",
            "ReadWriteMany", "RWX",
            "ReadWriteOncePod", "RWOP");

    private static final List<String> MODE_ORDER =
            List.of("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod");

    private StorageTables() {}

    private static String accessModes(JsonNode modes) {
        List<String> present = Fields.strings(modes);
        List<String> names = new ArrayList<>();
        for (String mode : MODE_ORDER) {
            if (present.contains(mode)) {
                names.add(MODE_NAMES.getOrDefault(mode, mode));
            }
        }
        return String.join(",", names);
    }

    private static String phase(KubeObject object) {
        return object.isBeingDeleted() ? "Terminating" : Fields.text(object, "status", "phase");
    }

    private static String claim(KubeObject volume) {
        JsonNode claim = volume.at("spec", "claimRef");
        return claim.isObject()
                ? claim.path("namespace").asString("") + "/"
                        + claim.path("name").asString("")
                : "";
    }

    private static String storageClass(KubeObject object) {
        String annotation = object.annotations().getOrDefault("volume.beta.kubernetes.io/storage-class", "");
        return annotation.isEmpty() ? Fields.text(object, "spec", "storageClassName") : annotation;
    }

    private static boolean isBound(KubeObject claim) {
        return !Fields.text(claim, "spec", "volumeName").isEmpty();
    }

    private static boolean isDefaultClass(KubeObject object) {
        Map<String, String> annotations = object.annotations();
        return "true".equals(annotations.get("storageclass.kubernetes.io/is-default-class"))
                || "true".equals(annotations.get("storageclass.beta.kubernetes.io/is-default-class"));
    }

    private static boolean isDefaultAttributesClass(KubeObject object) {
        return "true".equals(object.annotations().get("storage.alpha.kubernetes.io/is-default-class"));
    }

    private static String tokenRequests(KubeObject driver) {
        List<String> audiences = Fields.each(driver.at("spec", "tokenRequests"), "audience");
        return audiences.isEmpty() ? UNSET : String.join(",", audiences);
    }

    private static String modes(KubeObject driver) {
        List<String> modes = Fields.strings(driver.at("spec", "volumeLifecycleModes"));
        return modes.isEmpty() ? Fields.NONE : String.join(",", modes);
    }

    private static String claimState(KubeObject claim) {
        List<String> states = new ArrayList<>();
        if (claim.isBeingDeleted()) {
            states.add("deleted");
        }
        if (!claim.at("status", "allocation").isObject()) {
            if (!claim.isBeingDeleted()) {
                states.add("pending");
            }
        } else {
            states.add("allocated");
            states.add(claim.at("status", "reservedFor").isEmpty() ? "" : "reserved");
        }
        states.removeIf(String::isEmpty);
        return String.join(",", states);
    }

    private static String sliceNode(KubeObject slice) {
        if (slice.at("spec", "allNodes").asBoolean(false)) {
            return "<all nodes>";
        }
        return Fields.textOr(UNSET, slice, "spec", "nodeName");
    }
}
