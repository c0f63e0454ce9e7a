package io.mokube.apiserver.ownership;

/** A value does not have the form that ownership of its parts needs, such as an item without its list's keys. */
public final class UntypedException extends RuntimeException {

    UntypedException(String message) {
        super(message, null, false, false);
    }
}
