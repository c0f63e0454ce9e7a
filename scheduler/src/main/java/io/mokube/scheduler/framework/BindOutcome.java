package io.mokube.scheduler.framework;

/** How binding a pod to a node ended. It is known for certain: while it is not, binding goes on. */
public sealed interface BindOutcome {

    /** The pod is bound to the node. */
    record Bound() implements BindOutcome {}

    /** The pod is gone, or has another node: nothing is left to do for it. */
    record Overtaken(String why) implements BindOutcome {}

    /** The API server did not want the binding. */
    record Refused(String why) implements BindOutcome {}
}
