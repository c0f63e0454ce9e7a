package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.resource.v1.CounterSet;
import io.fabric8.kubernetes.api.model.resource.v1.ResourcePool;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.mokube.machinery.quantity.Quantity;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A part of a pool of devices.
 *
 * @param name the ResourceSlice's
 * @param generation of the pool; parts of older ones are out of date
 * @param parts how many parts the pool has in this generation
 * @param counters amounts that devices of the pool share, by set and name
 */
public record SliceFacts(
        String name,
        Pool pool,
        long generation,
        long parts,
        List<DeviceFacts> devices,
        Map<String, Map<String, Quantity>> counters) {

    /** Which pool: drivers name them. */
    public record Pool(String driver, String name) {}

    public SliceFacts {
        devices = List.copyOf(devices);
        counters = Map.copyOf(counters);
    }

    public static SliceFacts of(ResourceSlice slice) {
        ResourcePool pool = slice.getSpec().getPool();
        return new SliceFacts(
                slice.getMetadata().getName(),
                new Pool(slice.getSpec().getDriver(), pool.getName()),
                pool.getGeneration() == null ? 0 : pool.getGeneration(),
                pool.getResourceSliceCount() == null ? 1 : pool.getResourceSliceCount(),
                DeviceFacts.of(slice),
                slice.getSpec().getSharedCounters().stream()
                        .collect(Collectors.toMap(
                                CounterSet::getName,
                                set -> DeviceFacts.amounts(set.getCounters()),
                                (one, other) -> one)));
    }
}
