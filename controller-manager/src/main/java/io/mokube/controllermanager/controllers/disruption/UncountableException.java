package io.mokube.controllermanager.controllers.disruption;

/** Nobody can tell how many pods there should be: whoever wants them is gone, or does not say. */
final class UncountableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UncountableException(String message) {
        super(message, null, false, false);
    }
}
