package io.mokube.kubelet.eviction;

import io.mokube.kubelet.policy.NodePolicy.Eviction;
import io.mokube.kubelet.policy.Threshold;
import io.mokube.kubelet.policy.Threshold.Pressure;
import io.mokube.kubelet.policy.Threshold.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a node is short of, and since when. Each look at it gives the next value.
 *
 * @param since since when each threshold has been undercut without a break
 * @param seen when each pressure was seen last
 * @param met the thresholds undercut for as long as their grace, by which pods are evicted
 * @param told the pressures that the node tells: those seen within the transition period
 */
public record Pressures(
        Map<Threshold, Instant> since, Map<Pressure, Instant> seen, Set<Threshold> met, Set<Pressure> told) {

    /** Nothing is known to be short. */
    public static final Pressures NONE = new Pressures(Map.of(), Map.of(), Set.of(), Set.of());

    public Pressures {
        since = Map.copyOf(since);
        seen = Map.copyOf(seen);
        met = Set.copyOf(met);
        told = Set.copyOf(told);
    }

    /**
     * How much is left of something.
     *
     * @param available how much is left
     * @param capacity of how much
     */
    public record Observation(long available, long capacity) {}

    /** What follows from a look: a threshold that was met stays so until its reclaim is reached too. */
    public Pressures after(Eviction policy, Map<Signal, Observation> look, Instant now) {
        Map<Threshold, Instant> nextSince = new HashMap<>();
        for (Threshold threshold : policy.thresholds()) {
            if (undercut(threshold, look, met.contains(threshold))) {
                nextSince.put(threshold, since.getOrDefault(threshold, now));
            }
        }
        Map<Pressure, Instant> nextSeen = new HashMap<>(seen);
        nextSince.keySet().forEach(threshold -> nextSeen.put(threshold.signal().pressure(), now));
        Set<Pressure> nextTold = new HashSet<>();
        nextSeen.forEach((pressure, at) -> {
            if (at.equals(now) || Duration.between(at, now).compareTo(policy.transition()) < 0) {
                nextTold.add(pressure);
            }
        });
        Set<Threshold> nextMet = new HashSet<>();
        nextSince.forEach((threshold, at) -> {
            if (Duration.between(at, now).compareTo(threshold.grace()) >= 0) {
                nextMet.add(threshold);
            }
        });
        return new Pressures(nextSince, nextSeen, nextMet, nextTold);
    }

    /** Whether less is left than must be; what could not be looked at is taken for enough. */
    private static boolean undercut(Threshold threshold, Map<Signal, Observation> look, boolean withReclaim) {
        Observation observation = look.get(threshold.signal());
        if (observation == null) {
            return false;
        }
        long least = threshold.least().of(observation.capacity());
        long more = withReclaim ? threshold.minReclaim().of(observation.capacity()) : 0;
        return observation.available() < least + more;
    }

    /** Whether nothing is short in this look, what eviction is to gain with it. */
    public static boolean relieved(List<Threshold> thresholds, Map<Signal, Observation> look) {
        return thresholds.stream().noneMatch(threshold -> undercut(threshold, look, true));
    }

    /** The threshold to act on: memory goes before everything else, since its lack ends pods without asking. */
    public Optional<Threshold> worst() {
        return met.stream()
                .min(Comparator.<Threshold, Boolean>comparing(
                                threshold -> threshold.signal().pressure() != Pressure.MEMORY)
                        .thenComparing(threshold -> !threshold.hard())
                        .thenComparing(Threshold::signal));
    }
}
