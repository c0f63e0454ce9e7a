package io.mokube.kubelet.eviction;

import io.mokube.kubelet.policy.NodePolicy.Images;
import io.mokube.kubelet.runtime.Image;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which images nobody uses, and since when. Each look gives the next value. What is pinned is always in use.
 *
 * @param known by image id
 */
public record UnusedImages(Map<String, Known> known) {

    /** Nothing was looked at yet. */
    public static final UnusedImages NONE = new UnusedImages(Map.of());

    public UnusedImages {
        known = Map.copyOf(known);
    }

    /**
     * An image.
     *
     * @param since when it was first seen
     * @param lastUsed when it was seen in use; {@link Instant#EPOCH} for never
     * @param used whether it was in use at the last look
     */
    public record Known(Image image, Instant since, Instant lastUsed, boolean used) {}

    /**
     * What follows from a look.
     *
     * @param used ids and names of images that containers are made from or will be
     */
    public UnusedImages after(Collection<Image> present, Set<String> used, Instant now) {
        Map<String, Known> next = new HashMap<>();
        for (Image image : present) {
            Known before = known.get(image.id());
            boolean inUse = isUsed(image, used);
            Instant lastUsed = inUse ? now : before == null ? Instant.EPOCH : before.lastUsed();
            next.put(image.id(), new Known(image, before == null ? now : before.since(), lastUsed, inUse));
        }
        return new UnusedImages(next);
    }

    private static boolean isUsed(Image image, Set<String> used) {
        return image.pinned()
                || used.contains(image.id())
                || image.tags().stream().anyMatch(used::contains)
                || image.digests().stream().anyMatch(used::contains);
    }

    /** Those that may go now, in their order: the one used least recently first, of those never used the oldest. */
    public List<Image> candidates(Duration leastAge, Instant now) {
        return known.values().stream()
                .filter(each ->
                        !each.used() && Duration.between(each.since(), now).compareTo(leastAge) >= 0)
                .sorted(Comparator.comparing(Known::lastUsed)
                        .thenComparing(Known::since)
                        .thenComparing(each -> each.image().id()))
                .map(Known::image)
                .toList();
    }

    /** Those unused for longer than the policy allows, however empty the disk is. */
    public List<Image> outdated(Images policy, Instant now) {
        return policy.mostAge().isZero()
                ? List.of()
                : known.values().stream()
                        .filter(each -> !each.used())
                        .filter(each -> {
                            Instant last = each.lastUsed().isAfter(each.since()) ? each.lastUsed() : each.since();
                            return Duration.between(last, now).compareTo(policy.mostAge()) > 0;
                        })
                        .map(Known::image)
                        .toList();
    }

    /** How many bytes are to be freed on a disk; 0 while it is not too full. */
    public static long toFree(Images policy, Pressures.Observation disk) {
        long capacity = disk.capacity();
        if (capacity <= 0 || policy.highPercent() >= 100) {
            return 0;
        }
        long usedPercent = 100 - disk.available() * 100 / capacity;
        return usedPercent < policy.highPercent()
                ? 0
                : Math.max(0, capacity * (100 - policy.lowPercent()) / 100 - disk.available());
    }
}
