package io.mokube.scheduler.devices;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.scheduler.devices.DeviceClaimFacts.Share;
import io.mokube.scheduler.snapshot.ShardedMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's devices at one moment, with what the scheduler has decided and others have not seen yet. Immutable.
 *
 * @param taken devices that belong to a claim
 * @param shared what claims take of devices that are shared, by device and claim
 * @param pools the parts of each pool, by their names
 */
public record Devices(
        ShardedMap<ObjectKey, DeviceClaimFacts> claims,
        ShardedMap<DeviceId, ObjectKey> taken,
        ShardedMap<DeviceId, Map<ObjectKey, Map<String, Quantity>>> shared,
        ShardedMap<SliceFacts.Pool, Map<String, SliceFacts>> pools,
        Map<String, DeviceClassFacts> classes) {

    public static final Devices NONE =
            new Devices(ShardedMap.empty(), ShardedMap.empty(), ShardedMap.empty(), ShardedMap.empty(), Map.of());

    public Devices {
        classes = Map.copyOf(classes);
    }

    public @Nullable DeviceClaimFacts claim(ObjectKey key) {
        return claims.get(key);
    }

    /** The claim that was made for a pod's extended resources, null when there is none. */
    public @Nullable DeviceClaimFacts extendedClaimOf(String podUid) {
        for (DeviceClaimFacts claim : claims.values()) {
            if (claim.forExtendedResources()
                    && !claim.unwritten()
                    && claim.ownerUid().equals(podUid)) {
                return claim;
            }
        }
        return null;
    }

    /** The class whose devices a pod gets that asks for an extended resource; the newest when several say so. */
    public @Nullable DeviceClassFacts classFor(String extendedResource) {
        if (classes.isEmpty()) {
            return null;
        }
        if (extendedResource.startsWith(DeviceClassFacts.IMPLICIT_RESOURCE)) {
            return classes.get(extendedResource.substring(DeviceClassFacts.IMPLICIT_RESOURCE.length()));
        }
        return classes.values().stream()
                .filter(each -> each.extendedResource().equals(extendedResource))
                .max(Comparator.comparing(DeviceClassFacts::createdAt)
                        .thenComparing(DeviceClassFacts::name, Comparator.reverseOrder()))
                .orElse(null);
    }

    /** What claims take of a device that is shared, by full name of the capacity. */
    Map<String, Quantity> sharesOf(DeviceId device) {
        Map<ObjectKey, Map<String, Quantity>> byClaim = shared.get(device);
        return byClaim == null ? Map.of() : sum(byClaim.values());
    }

    static Map<String, Quantity> sum(Iterable<Map<String, Quantity>> amounts) {
        Map<String, Quantity> sum = new HashMap<>();
        amounts.forEach(each -> each.forEach((name, amount) -> sum.merge(name, amount, Quantity::plus)));
        return sum;
    }

    /** What is left of the counters that devices of a pool share, by pool, set and name. */
    Map<Counter, Quantity> countersLeft() {
        Map<Counter, Quantity> left = new HashMap<>();
        List<SliceFacts> usable = usable();
        for (SliceFacts part : usable) {
            part.counters()
                    .forEach((set, counters) ->
                            counters.forEach((name, amount) -> left.put(new Counter(part.pool(), set, name), amount)));
        }
        if (left.isEmpty()) {
            return left;
        }
        for (SliceFacts part : usable) {
            for (DeviceFacts device : part.devices()) {
                if (taken.get(device.id()) != null || shared.get(device.id()) != null) {
                    device.consumes()
                            .forEach(each -> each.amounts()
                                    .forEach((name, amount) -> left.computeIfPresent(
                                            new Counter(part.pool(), each.set(), name),
                                            (counter, there) -> there.minus(amount))));
                }
            }
        }
        return left;
    }

    /** One counter that devices of a pool share. */
    record Counter(SliceFacts.Pool pool, String set, String name) {}

    /** All devices of pools of which every part of the newest generation is known, always in the same order. */
    List<DeviceFacts> published() {
        return usable().stream()
                .sorted(Comparator.comparing((SliceFacts part) -> part.pool().driver())
                        .thenComparing(part -> part.pool().name())
                        .thenComparing(SliceFacts::name))
                .flatMap(part -> part.devices().stream())
                .toList();
    }

    private List<SliceFacts> usable() {
        List<SliceFacts> usable = new ArrayList<>();
        for (Map<String, SliceFacts> parts : pools.values()) {
            long newest = parts.values().stream()
                    .mapToLong(SliceFacts::generation)
                    .max()
                    .orElse(0);
            List<SliceFacts> current = parts.values().stream()
                    .filter(part -> part.generation() == newest)
                    .toList();
            if (current.size() >= current.getFirst().parts()) {
                usable.addAll(current);
            }
        }
        return usable;
    }

    Devices withClaim(DeviceClaimFacts claim) {
        Devices clean = withoutClaim(claim.key());
        ShardedMap<DeviceId, ObjectKey> owned = clean.taken;
        ShardedMap<DeviceId, Map<ObjectKey, Map<String, Quantity>>> parts = clean.shared;
        if (claim.allocation().isPresent()) {
            for (DeviceId device : claim.allocation().get().taken()) {
                owned = owned.with(device, claim.key());
            }
            for (Share share : claim.allocation().get().shares()) {
                Map<ObjectKey, Map<String, Quantity>> byClaim = new HashMap<>();
                Map<ObjectKey, Map<String, Quantity>> before = parts.get(share.device());
                if (before != null) {
                    byClaim.putAll(before);
                }
                byClaim.merge(claim.key(), share.amounts(), (one, other) -> sum(List.of(one, other)));
                parts = parts.with(share.device(), Map.copyOf(byClaim));
            }
        }
        return new Devices(clean.claims.with(claim.key(), claim), owned, parts, pools, classes);
    }

    Devices withoutClaim(ObjectKey key) {
        DeviceClaimFacts old = claims.get(key);
        if (old == null) {
            return this;
        }
        ShardedMap<DeviceId, ObjectKey> owned = taken;
        if (old.allocation().isPresent()) {
            for (DeviceId device : old.allocation().get().taken()) {
                if (key.equals(owned.get(device))) {
                    owned = owned.without(device);
                }
            }
        }
        return new Devices(claims.without(key), owned, withoutShares(old), pools, classes);
    }

    private ShardedMap<DeviceId, Map<ObjectKey, Map<String, Quantity>>> withoutShares(DeviceClaimFacts claim) {
        ShardedMap<DeviceId, Map<ObjectKey, Map<String, Quantity>>> parts = shared;
        if (claim.allocation().isPresent()) {
            for (Share share : claim.allocation().get().shares()) {
                Map<ObjectKey, Map<String, Quantity>> before = parts.get(share.device());
                if (before != null && before.containsKey(claim.key())) {
                    Map<ObjectKey, Map<String, Quantity>> byClaim = new HashMap<>(before);
                    byClaim.remove(claim.key());
                    parts = byClaim.isEmpty()
                            ? parts.without(share.device())
                            : parts.with(share.device(), Map.copyOf(byClaim));
                }
            }
        }
        return parts;
    }

    Devices withSlice(SliceFacts slice) {
        Map<String, SliceFacts> parts = new HashMap<>();
        Map<String, SliceFacts> before = pools.get(slice.pool());
        if (before != null) {
            parts.putAll(before);
        }
        parts.put(slice.name(), slice);
        return new Devices(claims, taken, shared, pools.with(slice.pool(), Map.copyOf(parts)), classes);
    }

    Devices withoutSlice(SliceFacts slice) {
        Map<String, SliceFacts> before = pools.get(slice.pool());
        if (before == null) {
            return this;
        }
        Map<String, SliceFacts> parts = new HashMap<>(before);
        parts.remove(slice.name());
        return new Devices(
                claims,
                taken,
                shared,
                parts.isEmpty() ? pools.without(slice.pool()) : pools.with(slice.pool(), Map.copyOf(parts)),
                classes);
    }

    Devices withClasses(Map<String, DeviceClassFacts> changed) {
        return new Devices(claims, taken, shared, pools, changed);
    }
}
