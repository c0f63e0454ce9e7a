package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import java.util.List;

/** The devices that a pod's claims get on one node. */
public record DevicePlan(List<Grant> grants) {

    public static final DevicePlan NOTHING = new DevicePlan(List.of());

    /**
     * What a claim gets, as it is written into it.
     *
     * @param shares whether some of it is shared with others: parts of devices, or counters of a pool
     */
    public record Grant(DeviceClaimFacts claim, AllocationResult result, boolean shares) {}

    public DevicePlan {
        grants = List.copyOf(grants);
    }
}
