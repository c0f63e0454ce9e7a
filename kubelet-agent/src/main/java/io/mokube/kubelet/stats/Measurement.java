package io.mokube.kubelet.stats;

import io.mokube.kubelet.runtime.Usage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a node and its pods use.
 *
 * @param node everything on the node
 * @param pods those with running containers, by namespace and name
 */
record Measurement(Usage node, List<PodUsage> pods) {

    /** A pod's containers, by name. */
    record PodUsage(String namespace, String name, String uid, List<ContainerUsage> containers) {

        /** All containers together; there is at least one. */
        Usage total() {
            return containers.stream()
                    .map(ContainerUsage::usage)
                    .reduce(Usage::plus)
                    .orElseThrow();
        }

        /** When the first of the containers was made. */
        Instant startedAt() {
            return containers.stream()
                    .map(ContainerUsage::startedAt)
                    .min(Instant::compareTo)
                    .orElseThrow();
        }

        Optional<ContainerUsage> container(String id) {
            return containers.stream().filter(each -> each.id().equals(id)).findFirst();
        }
    }

    /**
     * A running container.
     *
     * @param writableBytes what it wrote beside its volumes
     */
    record ContainerUsage(String id, String name, Instant startedAt, Usage usage, long writableBytes) {}

    Optional<PodUsage> pod(String uid) {
        return pods.stream().filter(each -> each.uid().equals(uid)).findFirst();
    }
}
