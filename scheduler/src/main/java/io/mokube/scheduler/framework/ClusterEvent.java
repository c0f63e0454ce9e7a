package io.mokube.scheduler.framework;

/** A change in the cluster that can turn a rejection around. */
public enum ClusterEvent {
    NODE_ADDED("NodeAdd"),
    NODE_ALLOCATABLE_CHANGED("NodeAllocatableChange"),
    NODE_LABELS_CHANGED("NodeLabelChange"),
    NODE_TAINTS_CHANGED("NodeTaintChange"),
    NODE_FEATURES_CHANGED("NodeDeclaredFeatureChange"),
    NODE_REMOVED("NodeDelete"),
    ASSIGNED_POD_ADDED("AssignedPodAdd"),
    ASSIGNED_POD_CHANGED("AssignedPodUpdate"),
    ASSIGNED_POD_REMOVED("AssignedPodDelete"),
    VOLUME_CLAIM_CHANGED("PersistentVolumeClaimUpdate"),
    VOLUME_CHANGED("PersistentVolumeUpdate"),
    STORAGE_CLASS_CHANGED("StorageClassUpdate"),
    STORAGE_CAPACITY_CHANGED("CSIStorageCapacityUpdate"),
    ATTACH_LIMIT_CHANGED("CSINodeUpdate"),
    VOLUME_DETACHED("VolumeAttachmentDelete"),
    DEVICE_CLAIM_CHANGED("ResourceClaimUpdate"),
    DEVICE_SLICE_CHANGED("ResourceSliceUpdate"),
    DEVICE_CLASS_CHANGED("DeviceClassUpdate");

    private final String label;

    ClusterEvent(String label) {
        this.label = label;
    }

    /** The event's name in metrics. */
    public String label() {
        return label;
    }
}
