package io.mokube.standalone.cluster;

/** What runs the containers of the cluster's nodes. */
public enum RuntimeKind {
    /** containerd, one of its own for each node. */
    CONTAINERD,
    /** No containers at all: pods only look as if they ran. */
    HOLLOW
}
