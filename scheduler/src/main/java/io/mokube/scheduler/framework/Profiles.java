package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The profiles of one scheduler, by the name that pods say. They share one queue, so they sort it alike. */
public final class Profiles {

    /** A profile, with what is asked for each waiting pod worked out before. */
    private record Known(Profile profile, Map<String, Map<ClusterEvent, RejectingPlugin>> hints) {}

    private final Map<String, Known> byName = new LinkedHashMap<>();
    private final QueueSortPlugin queueSort;

    /**
     * The profiles.
     *
     * @throws IllegalArgumentException when there is none, two have one name, or they sort the queue in different ways
     */
    public Profiles(Collection<Profile> profiles) {
        if (profiles.isEmpty()) {
            throw new IllegalArgumentException("at least one profile is required");
        }
        queueSort = profiles.iterator().next().queueSort();
        for (Profile profile : profiles) {
            if (!profile.queueSort().name().equals(queueSort.name())) {
                throw new IllegalArgumentException("different queue sort plugins for profile \""
                        + profile.schedulerName() + "\": \""
                        + profile.queueSort().name() + "\", first: \"" + queueSort.name() + "\"");
            }
            if (byName.put(profile.schedulerName(), new Known(profile, hints(profile))) != null) {
                throw new IllegalArgumentException(
                        "duplicate profile with scheduler name \"" + profile.schedulerName() + "\"");
            }
        }
    }

    public static Profiles of(Profile... profiles) {
        return new Profiles(List.of(profiles));
    }

    private static Map<String, Map<ClusterEvent, RejectingPlugin>> hints(Profile profile) {
        Map<String, Map<ClusterEvent, RejectingPlugin>> hints = new HashMap<>();
        profile.rejecting().forEach((name, plugin) -> {
            Map<ClusterEvent, RejectingPlugin> byEvent = new EnumMap<>(ClusterEvent.class);
            plugin.unblockedBy().forEach(event -> byEvent.put(event, plugin));
            hints.put(name, byEvent);
        });
        Map<ClusterEvent, RejectingPlugin> anything = new EnumMap<>(ClusterEvent.class);
        Extenders.ANYTHING_HELPS.unblockedBy().forEach(event -> anything.put(event, Extenders.ANYTHING_HELPS));
        hints.put(Extenders.ANYTHING_HELPS.name(), anything);
        return hints;
    }

    public Collection<Profile> all() {
        return byName.values().stream().map(Known::profile).toList();
    }

    public QueueSortPlugin queueSort() {
        return queueSort;
    }

    /** Whether pods that name this scheduler are this one's. */
    public boolean serves(String schedulerName) {
        return byName.containsKey(schedulerName);
    }

    /** The rules for a pod; those of the first profile when nobody serves it. */
    public Profile of(PodInfo pod) {
        return known(pod).profile();
    }

    private Known known(PodInfo pod) {
        Known known = byName.get(pod.schedulerName());
        return known == null ? byName.values().iterator().next() : known;
    }

    /** The plugin that makes a pod wait, whatever the nodes look like. */
    public Optional<EnqueuePlugin> heldBackBy(PodInfo pod, Supplier<Snapshot> cluster) {
        return known(pod).profile().heldBackBy(pod, cluster);
    }

    /** The events of which {@link #mayUnblock} can say yes. */
    public Set<ClusterEvent> unblockedBy(PodInfo pod, Set<String> rejectedBy) {
        EnumSet<ClusterEvent> events = EnumSet.noneOf(ClusterEvent.class);
        if (rejectedBy.isEmpty()) {
            events.add(ClusterEvent.NODE_ADDED);
        }
        Map<String, Map<ClusterEvent, RejectingPlugin>> hints = known(pod).hints();
        for (String name : rejectedBy) {
            events.addAll(hints.getOrDefault(name, Map.of()).keySet());
        }
        return events;
    }

    /** Whether a change could have removed what these plugins had against a pod; without any, a node is missing. */
    public boolean mayUnblock(PodInfo pod, Set<String> rejectedBy, ClusterChange change) {
        if (rejectedBy.isEmpty()) {
            return change.event() == ClusterEvent.NODE_ADDED;
        }
        Map<String, Map<ClusterEvent, RejectingPlugin>> hints = known(pod).hints();
        for (String name : rejectedBy) {
            Map<ClusterEvent, RejectingPlugin> byEvent = hints.getOrDefault(name, Map.of());
            @Nullable RejectingPlugin plugin = byEvent.get(change.event());
            if (plugin != null && plugin.mayUnblock(pod, change)) {
                return true;
            }
        }
        return false;
    }
}
