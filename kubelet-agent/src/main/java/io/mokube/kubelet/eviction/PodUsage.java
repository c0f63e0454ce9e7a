package io.mokube.kubelet.eviction;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;

/**
 * What a running pod uses.
 *
 * @param volumeBytes what is in each of its emptyDir volumes on disk, by name; what was not measured is left out
 * @param volumeInodes how many files and folders are in all of them; 0 where these are not short
 * @param pids its processes and threads
 */
public record PodUsage(
        Pod pod, List<ContainerUsage> containers, Map<String, Long> volumeBytes, long volumeInodes, long pids) {

    public PodUsage {
        containers = List.copyOf(containers);
        volumeBytes = Map.copyOf(volumeBytes);
    }

    /**
     * What a container uses.
     *
     * @param memoryBytes that could not be taken from it without harm
     * @param writtenBytes what it wrote beside its volumes
     * @param writtenInodes how many files and folders that is
     * @param logBytes its logs
     */
    public record ContainerUsage(String name, long memoryBytes, long writtenBytes, long writtenInodes, long logBytes) {}

    long memoryBytes() {
        return containers.stream().mapToLong(ContainerUsage::memoryBytes).sum();
    }

    long diskBytes() {
        return writtenBytes() + logAndVolumeBytes();
    }

    /** The files and folders beside the images. */
    long writtenInodes() {
        return containers.stream().mapToLong(ContainerUsage::writtenInodes).sum();
    }

    long inodes() {
        return writtenInodes() + volumeInodes;
    }

    /** What is beside the images. */
    long writtenBytes() {
        return containers.stream().mapToLong(ContainerUsage::writtenBytes).sum();
    }

    /** What is in the agent's folder. */
    long logAndVolumeBytes() {
        return containers.stream().mapToLong(ContainerUsage::logBytes).sum()
                + volumeBytes.values().stream().mapToLong(Long::longValue).sum();
    }
}
