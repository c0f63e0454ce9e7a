package io.mokube.scheduler.volumes;

import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.snapshot.Selectors;
import java.util.Map;
import java.util.Optional;

/**
 * How big a volume a driver can still make in some part of the cluster.
 *
 * @param nodes the nodes that reach it by their labels; empty for none
 * @param bytes the biggest volume; 0 when that is not known
 */
public record CapacityFacts(ObjectKey key, String className, Optional<LabelSelector> nodes, long bytes) {

    public static CapacityFacts of(CSIStorageCapacity capacity) {
        return new CapacityFacts(
                new ObjectKey(
                        ClaimFacts.orEmpty(capacity.getMetadata().getNamespace()),
                        capacity.getMetadata().getName()),
                ClaimFacts.orEmpty(capacity.getStorageClassName()),
                Selectors.of(capacity.getNodeTopology()),
                ClaimFacts.amount(
                        capacity.getMaximumVolumeSize() == null
                                ? capacity.getCapacity()
                                : capacity.getMaximumVolumeSize()));
    }

    boolean hasRoom(String storageClass, long wanted, Map<String, String> nodeLabels) {
        return className.equals(storageClass)
                && bytes >= wanted
                && nodes.isPresent()
                && nodes.get().matches(nodeLabels);
    }
}
