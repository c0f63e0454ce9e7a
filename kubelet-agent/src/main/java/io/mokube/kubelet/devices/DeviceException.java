package io.mokube.kubelet.devices;

/** A pod's devices can't be prepared or given back, or not yet; the message is for its event. */
public final class DeviceException extends RuntimeException {

    DeviceException(String message) {
        super(message);
    }

    DeviceException(String message, Throwable cause) {
        super(message, cause);
    }

    /** What the event says. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
