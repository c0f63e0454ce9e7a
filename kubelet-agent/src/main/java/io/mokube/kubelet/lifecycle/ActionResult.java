package io.mokube.kubelet.lifecycle;

/** How an action went. */
public sealed interface ActionResult {

    /** It was done. */
    record Done() implements ActionResult {}

    /**
     * It failed, and may be tried again after a while.
     *
     * @param reason for a container that did not start, why it waits, such as {@code ErrImagePull}
     */
    record Failed(String reason, String message) implements ActionResult {}
}
