package io.mokube.controllermanager.controllers.services;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.names.ObjectKey;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Remembers what was known of each service when it was last looked at, to tell when the first change since then
 * happened: when a pod's readiness changed, or when the service was created. Safe for use by many threads, one at a time
 * for each service.
 */
public final class TriggerTimes {

    private final Map<ObjectKey, State> states = new ConcurrentHashMap<>();

    private record State(Optional<Instant> created, Map<String, Instant> changes) {}

    /** When the earliest change happened that the last call for this service did not know; empty for none. */
    public Optional<Instant> next(Service service, List<Pod> pods) {
        Map<String, Instant> changes = new HashMap<>();
        for (Pod pod : pods) {
            PodFacts.condition(pod, "Ready")
                    .flatMap(ready -> Times.parse(ready.getLastTransitionTime()))
                    .ifPresent(time -> changes.put(pod.getMetadata().getName(), time));
        }
        Optional<Instant> created = Times.parse(service.getMetadata().getCreationTimestamp());
        State before = states.put(Ownership.key(service), new State(created, changes));
        if (before == null) {
            return created;
        }
        Optional<Instant> first = created.filter(time -> isAfter(time, before.created));
        for (Map.Entry<String, Instant> change : changes.entrySet()) {
            Instant time = change.getValue();
            boolean isNew = isAfter(time, Optional.ofNullable(before.changes.get(change.getKey())));
            if (isNew && first.filter(earlier -> !time.isBefore(earlier)).isEmpty()) {
                first = Optional.of(time);
            }
        }
        return first;
    }

    private static boolean isAfter(Instant time, Optional<Instant> before) {
        return before.isEmpty() || time.isAfter(before.get());
    }

    /** The service is gone. */
    public void forget(ObjectKey service) {
        states.remove(service);
    }
}
