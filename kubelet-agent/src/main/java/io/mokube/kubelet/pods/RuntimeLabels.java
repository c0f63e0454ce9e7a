package io.mokube.kubelet.pods;

/** By which labels and annotations the agent finds again, in the runtime, what it made. */
public final class RuntimeLabels {

    public static final String POD_NAME = "io.kubernetes.pod.name";
    public static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";
    public static final String POD_UID = "io.kubernetes.pod.uid";
    public static final String CONTAINER_NAME = "io.kubernetes.container.name";

    /** Which agent made it: an agent touches nothing that does not carry its own node's name here. */
    public static final String NODE = "mokube.io/node";

    public static final String CONTAINER_HASH = "io.kubernetes.container.hash";
    public static final String RESTART_COUNT = "io.kubernetes.container.restartCount";
    public static final String GRACE_PERIOD_SECONDS = "io.kubernetes.pod.terminationGracePeriod";
    public static final String TERMINATION_MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath";
    public static final String TERMINATION_MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy";

    private RuntimeLabels() {}
}
