package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.CapacityRequirements;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClaimConfiguration;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceConstraint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceSelector;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceSubRequest;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceToleration;
import io.fabric8.kubernetes.api.model.resource.v1.ExactDeviceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimStatus;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.scheduler.snapshot.NodeRequirement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What scheduling needs to know of a ResourceClaim.
 *
 * @param ownerUid the UID of the object that controls the claim, {@code ""} for none
 * @param allocation what it was given; empty while it has nothing
 * @param pending whether that is decided and not written yet
 * @param reservedFor the UIDs of the pods that may use it
 * @param forExtendedResources whether the scheduler made it for what its pod asks for as extended resources
 */
public record DeviceClaimFacts(
        ObjectKey key,
        String uid,
        String resourceVersion,
        String ownerUid,
        boolean terminating,
        List<Request> requests,
        List<Constraint> constraints,
        List<DeviceClaimConfiguration> config,
        Optional<Allocation> allocation,
        boolean pending,
        List<String> reservedFor,
        boolean forExtendedResources) {

    static final String EXTENDED = "resource.kubernetes.io/extended-resource-claim";

    private static final int MOST_CONSUMERS = 256;

    /** A request for devices: the first of its options that can be had. */
    public record Request(String name, List<Option> options) {}

    /**
     * One way to satisfy a request.
     *
     * @param name of the request, or {@code request/subrequest}
     * @param all whether every device that fits is wanted, instead of a number
     * @param admin whether devices are used beside those who own them
     * @param capacity how much of each device is wanted
     */
    public record Option(
            String name,
            String className,
            List<String> selectors,
            boolean all,
            int count,
            boolean admin,
            List<DeviceToleration> tolerations,
            Map<String, Quantity> capacity) {}

    /**
     * A rule for the devices of several requests.
     *
     * @param requests their names; empty for all
     * @param attribute the full name of an attribute that all must have
     * @param distinct whether its values must differ instead of being the same
     */
    public record Constraint(List<String> requests, String attribute, boolean distinct) {

        boolean concerns(String request) {
            int slash = request.indexOf('/');
            return requests.isEmpty()
                    || requests.contains(request)
                    || (slash > 0 && requests.contains(request.substring(0, slash)));
        }
    }

    /**
     * What a claim was given.
     *
     * @param taken the devices that nobody else can have now
     * @param shares the parts of devices that others can have parts of too
     * @param nodes the terms of which one must hold of a node; empty when they can be used from everywhere
     */
    public record Allocation(List<DeviceId> taken, List<Share> shares, Optional<List<NodeRequirement>> nodes) {}

    /** A part of a device: what it takes of each capacity, by full name. */
    public record Share(DeviceId device, Map<String, Quantity> amounts) {}

    public static DeviceClaimFacts of(ResourceClaim claim) {
        ObjectMeta metadata = claim.getMetadata();
        DeviceClaim wanted = claim.getSpec() == null ? null : claim.getSpec().getDevices();
        ResourceClaimStatus status = claim.getStatus();
        List<Request> requests = new ArrayList<>();
        List<Constraint> constraints = new ArrayList<>();
        if (wanted != null) {
            wanted.getRequests().forEach(request -> requests.add(request(request)));
            wanted.getConstraints().forEach(constraint -> constraints.add(constraint(constraint)));
        }
        return new DeviceClaimFacts(
                new ObjectKey(orEmpty(metadata.getNamespace()), metadata.getName()),
                orEmpty(metadata.getUid()),
                orEmpty(metadata.getResourceVersion()),
                metadata.getOwnerReferences().stream()
                        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
                        .map(OwnerReference::getUid)
                        .findFirst()
                        .orElse(""),
                metadata.getDeletionTimestamp() != null,
                requests,
                constraints,
                wanted == null ? List.of() : wanted.getConfig(),
                status == null || status.getAllocation() == null
                        ? Optional.empty()
                        : Optional.of(allocation(status.getAllocation())),
                false,
                status == null
                        ? List.of()
                        : status.getReservedFor().stream()
                                .map(ResourceClaimConsumerReference::getUid)
                                .toList(),
                metadata.getAnnotations() != null
                        && "true".equals(metadata.getAnnotations().get(EXTENDED)));
    }

    private static Request request(DeviceRequest request) {
        ExactDeviceRequest exactly = request.getExactly();
        if (exactly != null) {
            return new Request(
                    request.getName(),
                    List.of(option(
                            request.getName(),
                            exactly.getDeviceClassName(),
                            exactly.getSelectors(),
                            exactly.getAllocationMode(),
                            exactly.getCount(),
                            Boolean.TRUE.equals(exactly.getAdminAccess()),
                            exactly.getTolerations(),
                            exactly.getCapacity())));
        }
        List<Option> options = new ArrayList<>();
        for (DeviceSubRequest each : request.getFirstAvailable()) {
            options.add(option(
                    request.getName() + "/" + each.getName(),
                    each.getDeviceClassName(),
                    each.getSelectors(),
                    each.getAllocationMode(),
                    each.getCount(),
                    false,
                    each.getTolerations(),
                    each.getCapacity()));
        }
        return new Request(request.getName(), List.copyOf(options));
    }

    private static Option option(
            String name,
            @Nullable String className,
            List<DeviceSelector> selectors,
            @Nullable String mode,
            @Nullable Long count,
            boolean admin,
            List<DeviceToleration> tolerations,
            @Nullable CapacityRequirements capacity) {
        return new Option(
                name,
                orEmpty(className),
                DeviceClassFacts.expressions(selectors),
                "All".equals(mode),
                count == null ? 1 : Math.toIntExact(count),
                admin,
                List.copyOf(tolerations),
                capacity == null || capacity.getRequests() == null ? Map.of() : amounts(capacity.getRequests()));
    }

    private static Map<String, Quantity> amounts(Map<String, io.fabric8.kubernetes.api.model.Quantity> stated) {
        Map<String, Quantity> amounts = new HashMap<>();
        stated.forEach((name, amount) -> amounts.put(name, Quantity.parse(amount.toString())));
        return Map.copyOf(amounts);
    }

    private static Constraint constraint(DeviceConstraint constraint) {
        boolean distinct = constraint.getMatchAttribute() == null;
        return new Constraint(
                List.copyOf(constraint.getRequests()),
                orEmpty(distinct ? constraint.getDistinctAttribute() : constraint.getMatchAttribute()),
                distinct);
    }

    static Allocation allocation(AllocationResult result) {
        List<DeviceId> taken = new ArrayList<>();
        List<Share> shares = new ArrayList<>();
        if (result.getDevices() != null) {
            for (DeviceRequestAllocationResult each : result.getDevices().getResults()) {
                DeviceId device = new DeviceId(each.getDriver(), each.getPool(), each.getDevice());
                if (each.getShareID() != null) {
                    Map<String, Quantity> amounts = new HashMap<>();
                    amounts(Objects.requireNonNullElse(each.getConsumedCapacity(), Map.of()))
                            .forEach((name, amount) ->
                                    amounts.put(DeviceFacts.fullName(name, each.getDriver()), amount));
                    shares.add(new Share(device, amounts));
                } else if (!Boolean.TRUE.equals(each.getAdminAccess())) {
                    taken.add(device);
                }
            }
        }
        return new Allocation(
                List.copyOf(taken),
                List.copyOf(shares),
                result.getNodeSelector() == null
                        ? Optional.empty()
                        : Optional.of(result.getNodeSelector().getNodeSelectorTerms().stream()
                                .map(NodeRequirement::of)
                                .toList()));
    }

    /** This claim, with an allocation that is decided and not written yet. */
    DeviceClaimFacts promised(Allocation decided) {
        return new DeviceClaimFacts(
                key,
                uid,
                resourceVersion,
                ownerUid,
                terminating,
                requests,
                constraints,
                config,
                Optional.of(decided),
                true,
                reservedFor,
                forExtendedResources);
    }

    /** A claim that gives everything back that it was given, and that nobody may use. */
    public static ResourceClaim withoutDevices(ResourceClaim claim) {
        return new ResourceClaimBuilder(claim)
                .editOrNewStatus()
                .withAllocation(null)
                .withReservedFor(List.of())
                .withDevices(List.of())
                .endStatus()
                .build();
    }

    /** Whether it is not written anywhere yet. */
    boolean unwritten() {
        return uid.isEmpty();
    }

    /** Whether nobody but this pod, or nobody at all, may use it. */
    public boolean isAlone(String podUid) {
        return reservedFor.stream().allMatch(podUid::equals);
    }

    /** Whether a pod may use it, now or after being entered. */
    public boolean isOpenTo(String podUid) {
        return reservedFor.size() < MOST_CONSUMERS || reservedFor.contains(podUid);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
