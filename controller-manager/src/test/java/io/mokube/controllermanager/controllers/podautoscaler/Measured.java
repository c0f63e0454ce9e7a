package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Pods and what they use, for tests. */
final class Measured {

    static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    final List<Pod> pods = new ArrayList<>();
    final Map<String, Reading> readings = new HashMap<>();

    /**
     * Reads {@code ready:1000:300 unready:1000:100 ready:1000:- pending:1000:-}: a state, millicores requested ({@code -} for
     * none), and used ({@code -} for no reading).
     */
    static Measured of(String text) {
        Measured measured = new Measured();
        for (String each : text.strip().split(" +")) {
            String[] words = each.split(":");
            measured.add(words[0], words[1], words[2]);
        }
        return measured;
    }

    private void add(String state, String request, String used) {
        String name = "pod-" + pods.size();
        Instant started =
                switch (state) {
                    case "unready", "fresh" -> NOW.minusSeconds(60);
                    default -> NOW.minus(Duration.ofHours(1));
                };
        Instant changed =
                switch (state) {
                    // Ready for less than the window of its reading.
                    case "fresh" -> NOW.minusSeconds(20);
                    // Not ready any more, after it was for long.
                    case "broken" -> NOW.minusSeconds(90);
                    case "never" -> started.plusSeconds(1);
                    default -> started;
                };
        boolean ready =
                state.equals("ready") || state.equals("fresh") || state.equals("failed") || state.equals("leaving");
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .addToLabels("app", "web")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withNewResources()
                .withRequests(request.equals("-") ? Map.of() : Map.of("cpu", new Quantity(request + "m")))
                .endResources()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase(
                        switch (state) {
                            case "pending" -> "Pending";
                            case "failed" -> "Failed";
                            default -> "Running";
                        })
                .withStartTime(started.toString())
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .withLastTransitionTime(changed.toString())
                .endCondition()
                .endStatus();
        if (state.equals("leaving")) {
            pod.editMetadata().withDeletionTimestamp(NOW.toString()).endMetadata();
        }
        pods.add(pod.build());
        if (!used.equals("-")) {
            readings.put(name, new Reading(Long.parseLong(used), NOW.minusSeconds(5), Duration.ofSeconds(30)));
        }
    }
}
