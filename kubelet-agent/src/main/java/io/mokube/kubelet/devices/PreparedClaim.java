package io.mokube.kubelet.devices;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A claim that drivers were asked to prepare on this node.
 *
 * @param drivers that have devices for it
 * @param pods the UIDs of the pods that use it
 * @param prepared whether all drivers did what they were asked
 * @param devices what they gave
 */
record PreparedClaim(
        String namespace,
        String name,
        String uid,
        List<String> drivers,
        Set<String> pods,
        boolean prepared,
        List<GivenDevice> devices) {

    /**
     * A device of the claim.
     *
     * @param requests that it is for; none stands for all
     * @param cdiIds by which the runtime knows it
     */
    record GivenDevice(String driver, String pool, String device, List<String> requests, List<String> cdiIds) {}

    PreparedClaim {
        drivers = List.copyOf(drivers);
        pods = Set.copyOf(pods);
        devices = List.copyOf(devices);
    }

    PreparedClaim usedBy(String pod) {
        Set<String> more = new TreeSet<>(pods);
        more.add(pod);
        return new PreparedClaim(namespace, name, uid, drivers, more, prepared, devices);
    }

    PreparedClaim notUsedBy(String pod) {
        Set<String> fewer = new TreeSet<>(pods);
        fewer.remove(pod);
        return new PreparedClaim(namespace, name, uid, drivers, fewer, prepared, devices);
    }

    PreparedClaim with(List<GivenDevice> given) {
        return new PreparedClaim(namespace, name, uid, drivers, pods, true, given);
    }

    /** The CDI names of the devices for a request, for all of them when it is empty. */
    List<String> cdiIds(String request) {
        List<String> found = new ArrayList<>();
        for (GivenDevice device : devices) {
            if (request.isEmpty()
                    || device.requests().isEmpty()
                    || device.requests().contains(request)) {
                found.addAll(device.cdiIds());
            }
        }
        return found;
    }
}
