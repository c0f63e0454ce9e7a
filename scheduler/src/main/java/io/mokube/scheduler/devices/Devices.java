package io.mokube.scheduler.devices;

/** The cluster's devices at one moment. Immutable. */
public record Devices() {
    public static final Devices NONE = new Devices();
}
