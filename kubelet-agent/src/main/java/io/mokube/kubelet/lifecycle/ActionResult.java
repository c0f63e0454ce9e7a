package io.mokube.kubelet.lifecycle;

/** How an action went. */
public sealed interface ActionResult {

    /** It was done. */
    record Done() implements ActionResult {}

    /**
     * It failed, and may be tried again after a while.
     *
     * @param reason for a container that did not start, why it waits, such as {@code ErrImagePull}
     * @param image the image that could not be had; empty when it was something else
     */
    record Failed(String reason, String message, String image) implements ActionResult {

        /** A failure that is not about an image. */
        public Failed(String reason, String message) {
            this(reason, message, "");
        }
    }
}
