package io.mokube.client.rest;

/**
 * Decides, at the last moment before a request leaves, whether its sender may still write. Leader election gives one out
 * so that a leader that was paused past its lease writes nothing when it wakes up.
 */
@FunctionalInterface
public interface WriteGuard {

    /** Every write may go. */
    WriteGuard OPEN = () -> {};

    /**
     * Returns when a write may be sent now.
     *
     * @throws WriteRefusedException when it may not
     */
    void check();

    /** The sender lost the right to write. The request was not sent. */
    final class WriteRefusedException extends RuntimeException {
        public WriteRefusedException(String message) {
            super(message);
        }
    }
}
