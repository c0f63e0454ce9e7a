package io.mokube.kubelet.devices;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodExtendedResourceClaimStatus;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.mokube.client.rest.ApiClient;
import io.mokube.kubelet.checkpoint.CheckpointFile;
import io.mokube.kubelet.devices.PreparedClaim.GivenDevice;
import io.mokube.kubelet.devices.v1.Claim;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.lock.KeyedLocks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The resource claims of the node's pods: prepared by their drivers before the first pod that uses them starts, taken back
 * when the last one has ended. What was asked of drivers is noted before they are asked ({@code dra_manager_state} in the
 * agent's folder), so that an agent that starts again takes back what is to be, and asks for nothing twice. Safe for use by
 * many threads; a slow driver holds up only who wants the same claim.
 */
public final class DeviceClaims {

    private static final String CHECKPOINT = "dra_manager_state";

    private final CheckpointFile<Checkpoint> file;
    private final ApiClient client;
    private final DeviceDrivers drivers;

    /** By UID of the claim. */
    private final Map<String, PreparedClaim> claims = new ConcurrentSkipListMap<>();

    /** By UID of the claim. */
    private final KeyedLocks<String> locks = new KeyedLocks<>();

    /** What the file holds. */
    private record Checkpoint(List<PreparedClaim> claims) {
        Checkpoint {
            claims = List.copyOf(claims);
        }
    }

    /**
     * @param root the agent's folder
     * @throws ComponentException when what was noted in it can't be read: who would not know what drivers have prepared for pods
     *     would never take it back
     */
    public DeviceClaims(Path root, ApiClient client, DeviceDrivers drivers) {
        this.file = new CheckpointFile<>(root.resolve(CHECKPOINT), Checkpoint.class);
        this.client = client;
        this.drivers = drivers;
        try {
            file.read().ifPresent(known -> known.claims().forEach(claim -> claims.put(claim.uid(), claim)));
        } catch (IOException e) {
            throw new ComponentException("which devices are prepared for pods is not known: " + e.getMessage(), e);
        }
    }

    /** The drivers that are asked. */
    public DeviceDrivers drivers() {
        return drivers;
    }

    /**
     * Has the claims of a pod prepared that are not yet.
     *
     * @throws DeviceException when one is not there, not for this pod, or its driver fails
     */
    public void prepare(Pod pod) {
        List<ResourceClaim> wanted = new ArrayList<>();
        for (String name : Set.copyOf(names(pod).values())) {
            wanted.add(find(pod, name));
        }
        for (ResourceClaim claim : wanted) {
            drivers(claim).forEach(drivers::require);
        }
        for (ResourceClaim claim : wanted) {
            try (KeyedLocks.Held _ = locks.hold(claim.getMetadata().getUid())) {
                prepare(pod, claim);
            }
        }
    }

    private void prepare(Pod pod, ResourceClaim claim) {
        String uid = claim.getMetadata().getUid();
        PreparedClaim known = claims.getOrDefault(
                uid,
                new PreparedClaim(
                        claim.getMetadata().getNamespace(),
                        claim.getMetadata().getName(),
                        uid,
                        drivers(claim),
                        Set.of(),
                        false,
                        List.of()));
        PreparedClaim used = known.usedBy(PodFacts.uid(pod));
        keep(used);
        if (used.prepared()) {
            return;
        }
        List<GivenDevice> given = new ArrayList<>();
        for (String driver : used.drivers()) {
            drivers.prepare(driver, message(used))
                    .forEach(device -> given.add(new GivenDevice(
                            driver,
                            device.getPoolName(),
                            device.getDeviceName(),
                            List.copyOf(device.getRequestNamesList()),
                            List.copyOf(device.getCdiDeviceIdsList()))));
        }
        keep(used.with(given));
    }

    /**
     * Gives back what a pod had, and takes back what no other pod of the node uses.
     *
     * @throws DeviceException when a driver fails or is gone; what was not taken back is still noted
     */
    public void unprepare(String pod) {
        for (PreparedClaim used : claims.values()) {
            if (!used.pods().contains(pod)) {
                continue;
            }
            try (KeyedLocks.Held _ = locks.hold(used.uid())) {
                PreparedClaim claim = claims.get(used.uid());
                if (claim != null && claim.pods().contains(pod)) {
                    giveBack(claim, pod);
                }
            }
        }
    }

    private void giveBack(PreparedClaim claim, String pod) {
        PreparedClaim rest = claim.notUsedBy(pod);
        if (!rest.pods().isEmpty()) {
            keep(rest);
            return;
        }
        claim.drivers().forEach(driver -> drivers.unprepare(driver, message(claim)));
        claims.remove(claim.uid());
        write();
    }

    /** The UIDs of the pods for which drivers were asked, and have not taken everything back. */
    public Set<String> users() {
        return claims.values().stream().flatMap(claim -> claim.pods().stream()).collect(Collectors.toSet());
    }

    /** Whether a pod has anything of the node's devices, or may have: its drivers were asked and have not taken it back. */
    public boolean usedBy(String pod) {
        return claims.values().stream().anyMatch(claim -> claim.pods().contains(pod));
    }

    /** The CDI names of the devices that a container asked for. */
    public List<String> cdiIds(Pod pod, Container container) {
        Map<String, String> names = names(pod);
        Set<String> ids = new LinkedHashSet<>();
        if (container.getResources() != null) {
            container
                    .getResources()
                    .getClaims()
                    .forEach(use -> prepared(pod, names.get(use.getName()))
                            .ifPresent(claim ->
                                    ids.addAll(claim.cdiIds(Objects.requireNonNullElse(use.getRequest(), "")))));
        }
        extended(pod)
                .ifPresent(status -> status.getRequestMappings().stream()
                        .filter(mapping -> mapping.getContainerName().equals(container.getName()))
                        .forEach(mapping -> prepared(pod, status.getResourceClaimName())
                                .ifPresent(claim -> ids.addAll(claim.cdiIds(mapping.getRequestName())))));
        return List.copyOf(ids);
    }

    private Optional<PreparedClaim> prepared(Pod pod, @Nullable String name) {
        return claims.values().stream()
                .filter(claim -> claim.name().equals(name)
                        && claim.namespace().equals(pod.getMetadata().getNamespace())
                        && claim.pods().contains(PodFacts.uid(pod)))
                .findFirst();
    }

    private static Optional<PodExtendedResourceClaimStatus> extended(Pod pod) {
        return Optional.ofNullable(pod.getStatus()).map(status -> status.getExtendedResourceClaimStatus());
    }

    /**
     * What the pod's claims are called, by their names in the pod. One that needs no claim is left out.
     *
     * @throws DeviceException when one was not made yet
     */
    private static Map<String, String> names(Pod pod) {
        Map<String, String> names = new LinkedHashMap<>();
        for (PodResourceClaim claim : pod.getSpec().getResourceClaims()) {
            if (claim.getResourceClaimName() != null) {
                names.put(claim.getName(), claim.getResourceClaimName());
                continue;
            }
            PodResourceClaimStatus made = pod.getStatus() == null
                    ? null
                    : pod.getStatus().getResourceClaimStatuses().stream()
                            .filter(each -> each.getName().equals(claim.getName()))
                            .findFirst()
                            .orElse(null);
            if (made == null) {
                throw new DeviceException("pod \"" + pod.getMetadata().getNamespace() + "/"
                        + pod.getMetadata().getName() + "\": ResourceClaim not created yet");
            }
            if (made.getResourceClaimName() != null) {
                names.put(claim.getName(), made.getResourceClaimName());
            }
        }
        // No name in the pod is empty.
        extended(pod).ifPresent(status -> names.put("", status.getResourceClaimName()));
        return names;
    }

    private ResourceClaim find(Pod pod, String name) {
        ResourceClaim claim = client.resource(ResourceClaim.class)
                .get(pod.getMetadata().getNamespace(), name)
                .orElseThrow(() -> new DeviceException(
                        "fetch ResourceClaim " + name + ": resourceclaims.resource.k8s.io \"" + name + "\" not found"));
        boolean reserved = claim.getStatus() != null
                && claim.getStatus().getReservedFor().stream()
                        .anyMatch(user -> PodFacts.uid(pod).equals(user.getUid()));
        if (!reserved) {
            throw new DeviceException("pod " + pod.getMetadata().getName() + " (" + PodFacts.uid(pod)
                    + ") is not allowed to use ResourceClaim " + name + " ("
                    + claim.getMetadata().getUid() + ")");
        }
        if (claim.getStatus().getAllocation() == null) {
            throw new DeviceException("ResourceClaim " + name + ": not allocated");
        }
        return claim;
    }

    private static List<String> drivers(ResourceClaim claim) {
        AllocationResult allocation = claim.getStatus().getAllocation();
        return allocation.getDevices() == null
                ? List.of()
                : allocation.getDevices().getResults().stream()
                        .map(DeviceRequestAllocationResult::getDriver)
                        .distinct()
                        .sorted()
                        .toList();
    }

    private static Claim message(PreparedClaim claim) {
        return Claim.newBuilder()
                .setNamespace(claim.namespace())
                .setUid(claim.uid())
                .setName(claim.name())
                .build();
    }

    private void keep(PreparedClaim claim) {
        if (!claim.equals(claims.put(claim.uid(), claim))) {
            write();
        }
    }

    private synchronized void write() {
        try {
            file.write(new Checkpoint(List.copyOf(claims.values())));
        } catch (IOException e) {
            throw new DeviceException("checkpoint ResourceClaim cache: " + e.getMessage(), e);
        }
    }
}
