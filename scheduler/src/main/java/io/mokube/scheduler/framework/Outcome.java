package io.mokube.scheduler.framework;

/** How a step after the decision ended: {@code Reserve}, {@code PreBind}. */
public sealed interface Outcome {

    Outcome DONE = new Done();

    /** Go on. Compare with {@link #DONE}. */
    record Done() implements Outcome {}

    /** The pod can't have this node now; it waits for the events that this plugin waits for. */
    record Rejected(String reason) implements Outcome {}

    /** Something went wrong that is not the pod's fault; the pod is tried again after its back-off. */
    record Failed(String reason) implements Outcome {}
}
