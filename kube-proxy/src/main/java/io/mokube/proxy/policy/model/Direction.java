package io.mokube.proxy.policy.model;

/** Which connections of a pod a policy is about. */
public enum Direction {
    /** Those that others open to it. */
    INGRESS,
    /** Those that it opens. */
    EGRESS
}
