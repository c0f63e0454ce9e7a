package io.mokube.scheduler.devices;

import io.mokube.machinery.names.ObjectKey;
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
 * @param pools the parts of each pool, by their names
 */
public record Devices(
        ShardedMap<ObjectKey, DeviceClaimFacts> claims,
        ShardedMap<DeviceId, ObjectKey> taken,
        ShardedMap<SliceFacts.Pool, Map<String, SliceFacts>> pools,
        Map<String, DeviceClassFacts> classes) {

    public static final Devices NONE =
            new Devices(ShardedMap.empty(), ShardedMap.empty(), ShardedMap.empty(), Map.of());

    public Devices {
        classes = Map.copyOf(classes);
    }

    public @Nullable DeviceClaimFacts claim(ObjectKey key) {
        return claims.get(key);
    }

    /** All devices of pools of which every part of the newest generation is known, always in the same order. */
    List<DeviceFacts> published() {
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
        return usable.stream()
                .sorted(Comparator.comparing((SliceFacts part) -> part.pool().driver())
                        .thenComparing(part -> part.pool().name())
                        .thenComparing(SliceFacts::name))
                .flatMap(part -> part.devices().stream())
                .toList();
    }

    Devices withClaim(DeviceClaimFacts claim) {
        Devices clean = withoutClaim(claim.key());
        ShardedMap<DeviceId, ObjectKey> owned = clean.taken;
        if (claim.allocation().isPresent()) {
            for (DeviceId device : claim.allocation().get().taken()) {
                owned = owned.with(device, claim.key());
            }
        }
        return new Devices(clean.claims.with(claim.key(), claim), owned, pools, classes);
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
        return new Devices(claims.without(key), owned, pools, classes);
    }

    Devices withSlice(SliceFacts slice) {
        Map<String, SliceFacts> parts = new HashMap<>();
        Map<String, SliceFacts> before = pools.get(slice.pool());
        if (before != null) {
            parts.putAll(before);
        }
        parts.put(slice.name(), slice);
        return new Devices(claims, taken, pools.with(slice.pool(), Map.copyOf(parts)), classes);
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
                parts.isEmpty() ? pools.without(slice.pool()) : pools.with(slice.pool(), Map.copyOf(parts)),
                classes);
    }

    Devices withClasses(Map<String, DeviceClassFacts> changed) {
        return new Devices(claims, taken, pools, changed);
    }
}
