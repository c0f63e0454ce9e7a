package io.mokube.scheduler.framework;

/** A change in the cluster that can turn a rejection around. */
public enum ClusterEvent {
    NODE_ADDED("NodeAdd"),
    NODE_ALLOCATABLE_CHANGED("NodeAllocatableChange"),
    NODE_LABELS_CHANGED("NodeLabelChange"),
    NODE_TAINTS_CHANGED("NodeTaintChange"),
    NODE_REMOVED("NodeDelete"),
    ASSIGNED_POD_ADDED("AssignedPodAdd"),
    ASSIGNED_POD_CHANGED("AssignedPodUpdate"),
    ASSIGNED_POD_REMOVED("AssignedPodDelete");

    private final String label;

    ClusterEvent(String label) {
        this.label = label;
    }

    /** The event's name in metrics. */
    public String label() {
        return label;
    }
}
