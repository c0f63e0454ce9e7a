package io.mokube.scheduler.devices;

/** Which device: drivers name pools, pools name devices. */
public record DeviceId(String driver, String pool, String name) {}
