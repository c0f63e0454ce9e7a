package io.mokube.standalone.cluster;

/** What runs the containers of the cluster's nodes. */
public enum RuntimeKind {
    /** containerd, one of its own for each node. */
    CONTAINERD,
    /** A Docker Engine of this machine, one for all nodes. */
    DOCKER,
    /** No containers at all: pods only look as if they ran. */
    HOLLOW
}
