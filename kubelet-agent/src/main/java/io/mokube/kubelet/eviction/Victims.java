package io.mokube.kubelet.eviction;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.mokube.kubelet.eviction.PodUsage.ContainerUsage;
import io.mokube.kubelet.eviction.Pressures.Observation;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.Threshold;
import io.mokube.kubelet.policy.Threshold.Signal;
import io.mokube.kubelet.resources.PodRequests;
import io.mokube.machinery.quantity.CanonicalQuantity;
import io.mokube.machinery.quantity.Quantity;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** Chooses the pods that have to go, and says why, in Kubernetes' words. */
public final class Victims {

    private Victims() {}

    /**
     * The order in which pods are evicted for want of something: those that use more than they asked for, then those of
     * less priority, then those furthest above what they asked for. Critical pods are not among them.
     *
     * @param apart whether images, and what containers write beside their volumes, have a file system of their own: then
     *     only what is on the full one counts
     */
    public static List<PodUsage> ranked(Signal signal, boolean apart, Collection<PodUsage> pods) {
        Comparator<PodUsage> byPriority = Comparator.comparingInt(usage -> PodFacts.priority(usage.pod()));
        Comparator<PodUsage> order =
                switch (signal) {
                    case MEMORY, ALLOCATABLE_MEMORY -> byExcess(byPriority, Victims::memoryExcess);
                    case NODE_DISK ->
                        byExcess(byPriority, diskExcess(apart ? PodUsage::logAndVolumeBytes : PodUsage::diskBytes));
                    case IMAGE_DISK ->
                        byExcess(byPriority, diskExcess(apart ? PodUsage::writtenBytes : PodUsage::diskBytes));
                    // No pod asks for files, so that one file is more than it asked for.
                    case NODE_INODES -> byExcess(byPriority, apart ? PodUsage::volumeInodes : PodUsage::inodes);
                    case IMAGE_INODES -> byExcess(byPriority, apart ? PodUsage::writtenInodes : PodUsage::inodes);
                    case PIDS ->
                        byPriority.thenComparing(
                                Comparator.comparingLong(PodUsage::pids).reversed());
                };
        return pods.stream()
                .filter(usage -> !PodFacts.isCritical(usage.pod()))
                .sorted(order)
                .toList();
    }

    private static Comparator<PodUsage> byExcess(Comparator<PodUsage> byPriority, ToLongFunction<PodUsage> excess) {
        return Comparator.<PodUsage, Boolean>comparing(usage -> excess.applyAsLong(usage) <= 0)
                .thenComparing(byPriority)
                .thenComparing(Comparator.comparingLong(excess).reversed());
    }

    private static long memoryExcess(PodUsage usage) {
        return usage.memoryBytes() - PodRequests.request(usage.pod(), "memory") / 1000;
    }

    private static ToLongFunction<PodUsage> diskExcess(ToLongFunction<PodUsage> used) {
        return usage -> used.applyAsLong(usage) - PodRequests.request(usage.pod(), "ephemeral-storage") / 1000;
    }

    /** Why a pod was evicted for want of something. */
    public static String message(Threshold threshold, Observation observation, PodUsage usage) {
        Signal signal = threshold.signal();
        StringBuilder message = new StringBuilder("The node was low on resource: ")
                .append(signal.resource())
                .append(". Threshold quantity: ")
                .append(quantity(signal, threshold.least().of(observation.capacity())))
                .append(", available: ")
                .append(quantity(signal, observation.available()))
                .append(". ");
        for (ContainerUsage container : usage.containers()) {
            long used =
                    switch (signal) {
                        case MEMORY, ALLOCATABLE_MEMORY -> container.memoryBytes();
                        case NODE_DISK, IMAGE_DISK -> container.writtenBytes() + container.logBytes();
                        case NODE_INODES, IMAGE_INODES, PIDS -> 0;
                    };
            io.fabric8.kubernetes.api.model.Quantity request = request(usage.pod(), container.name(), signal);
            long asked =
                    request == null ? 0 : Quantity.parse(request.toString()).value();
            if (used > asked) {
                message.append("Container ")
                        .append(container.name())
                        .append(" was using ")
                        .append(quantity(signal, used))
                        .append(", request is ")
                        .append(request == null ? "0" : request.toString())
                        .append(", has larger consumption of ")
                        .append(signal.resource())
                        .append(". ");
            }
        }
        return message.toString();
    }

    private static io.fabric8.kubernetes.api.model.@org.jspecify.annotations.Nullable Quantity request(
            Pod pod, String container, Signal signal) {
        return PodContainer.find(pod, container)
                .map(PodContainer::spec)
                .map(Container::getResources)
                .map(resources -> resources.getRequests())
                .map(requests -> requests.get(signal.resource()))
                .orElse(null);
    }

    private static String quantity(Signal signal, long amount) {
        boolean bytes =
                switch (signal) {
                    case MEMORY, ALLOCATABLE_MEMORY, NODE_DISK, IMAGE_DISK -> true;
                    case NODE_INODES, IMAGE_INODES, PIDS -> false;
                };
        return CanonicalQuantity.of(BigDecimal.valueOf(amount), bytes);
    }

    /** Which of its own limits of local storage a pod has passed, in words; empty when none. */
    public static Optional<String> storageComplaint(PodUsage usage) {
        if (PodFacts.isCritical(usage.pod())) {
            return Optional.empty();
        }
        return volumeComplaint(usage).or(() -> podComplaint(usage)).or(() -> containerComplaint(usage));
    }

    private static Optional<String> volumeComplaint(PodUsage usage) {
        for (Volume volume : usage.pod().getSpec().getVolumes()) {
            Long used = usage.volumeBytes().get(volume.getName());
            if (used != null
                    && volume.getEmptyDir() != null
                    && volume.getEmptyDir().getSizeLimit() != null) {
                String limit = volume.getEmptyDir().getSizeLimit().toString();
                long most = Quantity.parse(limit).value();
                if (most > 0 && used > most) {
                    return Optional.of("Usage of EmptyDir volume \"" + volume.getName() + "\" exceeds the limit \""
                            + limit + "\". ");
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> podComplaint(PodUsage usage) {
        long limit = PodRequests.statedLimits(usage.pod(), "ephemeral-storage") / 1000;
        return limit > 0 && usage.diskBytes() > limit
                ? Optional.of("Pod ephemeral local storage usage exceeds the total limit of containers "
                        + new Quantity(BigDecimal.valueOf(limit)).toBinaryString() + ". ")
                : Optional.empty();
    }

    private static Optional<String> containerComplaint(PodUsage usage) {
        for (ContainerUsage used : usage.containers()) {
            Optional<io.fabric8.kubernetes.api.model.Quantity> limit = PodContainer.find(usage.pod(), used.name())
                    .map(PodContainer::spec)
                    .map(Container::getResources)
                    .map(resources -> resources.getLimits())
                    .map(limits -> limits.get("ephemeral-storage"));
            if (limit.isPresent()
                    && used.writtenBytes() + used.logBytes()
                            > Quantity.parse(Objects.toString(limit.get())).value()) {
                return Optional.of("Container " + used.name() + " exceeded its local ephemeral storage limit \""
                        + limit.get() + "\". ");
            }
        }
        return Optional.empty();
    }

    /** Whether a pod has limits of its own for what it stores, so that it must be measured. */
    public static boolean hasStorageLimits(Pod pod) {
        return PodRequests.statedLimits(pod, "ephemeral-storage") > 0
                || pod.getSpec().getVolumes().stream()
                        .anyMatch(volume -> volume.getEmptyDir() != null
                                && volume.getEmptyDir().getSizeLimit() != null);
    }
}
