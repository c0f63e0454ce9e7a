package io.mokube.standalone.cluster;

/** Where the cluster's state lives. */
public enum StoreKind {
    /** In the API server's own process, in the cluster's folder. */
    EMBEDDED,
    /** In the API server's own process, and gone with it. */
    MEMORY,
    /** In an etcd cluster. */
    ETCD
}
