package io.mokube.kubelet.runtime;

/** A call to the container runtime failed. The message is the runtime's own. */
public final class RuntimeCallException extends RuntimeException {

    /** What a caller may want to tell apart. */
    public enum Kind {
        /** The runtime can't be reached; the call may or may not have had its effect. */
        UNAVAILABLE,
        /** The call took too long; it may or may not have had its effect. */
        TIMEOUT,
        /** The thing named in the call does not exist. */
        NOT_FOUND,
        /** The caller gave up. */
        CANCELLED,
        /** The runtime refused or failed. */
        FAILED
    }

    private final Kind kind;

    public RuntimeCallException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public RuntimeCallException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** The message, never null. */
    public String text() {
        String message = getMessage();
        return message == null ? kind.name() : message;
    }
}
