package io.mokube.machinery.component;

/** A component can't start. The message says what is wrong and what the user can do about it. */
public final class ComponentException extends RuntimeException {

    public ComponentException(String message) {
        super(message);
    }

    public ComponentException(String message, Throwable cause) {
        super(message, cause);
    }
}
