package io.mokube.apiserver.metrics;

import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known of all nodes after a round of asking them; never changed.
 *
 * @param samples the last two samples of each node, of silent nodes too
 * @param nodes what the nodes that answered in this round use, by name
 * @param pods what their pods use
 */
record Measured(Map<String, Pair> samples, Map<String, Usage> nodes, Map<ObjectKey, PodUsage> pods) {

    static final Measured NOTHING = new Measured(Map.of(), Map.of(), Map.of());

    /** Two samples of a node; the first is null while there is one alone. */
    record Pair(@Nullable NodeSample before, NodeSample now) {}

    /**
     * What a pod's containers use, by their names.
     *
     * @param at the earliest of the containers' times, with its window
     */
    record PodUsage(Instant at, Duration window, SortedMap<String, Usage> containers) {}

    /** After the next round, in which these nodes answered. Nodes that were not asked are forgotten. */
    Measured next(Map<String, Optional<NodeSample>> answers) {
        Map<String, Pair> pairs = new HashMap<>();
        Map<String, Usage> ofNodes = new HashMap<>();
        Map<ObjectKey, PodUsage> ofPods = new HashMap<>();
        answers.forEach((node, answer) -> {
            Pair known = samples.get(node);
            if (answer.isEmpty()) {
                if (known != null) {
                    pairs.put(node, known);
                }
                return;
            }
            Pair pair = new Pair(known == null ? null : known.now(), answer.get());
            pairs.put(node, pair);
            Optional<Sample> before =
                    known == null ? Optional.empty() : known.now().node();
            pair.now()
                    .node()
                    .flatMap(now -> now.since(before.orElse(null)))
                    .ifPresent(usage -> ofNodes.put(node, usage));
            ofPods.putAll(pods(pair));
        });
        return new Measured(Map.copyOf(pairs), Map.copyOf(ofNodes), Map.copyOf(ofPods));
    }

    private static Map<ObjectKey, PodUsage> pods(Pair pair) {
        Map<ObjectKey, PodUsage> usages = new HashMap<>();
        pair.now().pods().forEach((pod, containers) -> {
            Map<String, Sample> before =
                    pair.before() == null ? Map.of() : pair.before().pods().getOrDefault(pod, Map.of());
            SortedMap<String, Usage> used = new TreeMap<>();
            containers.forEach(
                    (name, sample) -> sample.since(before.get(name)).ifPresent(usage -> used.put(name, usage)));
            // Half a pod's use would be taken for all of it.
            if (!used.isEmpty() && used.size() == containers.size()) {
                Usage first = used.values().stream()
                        .min((a, b) -> a.at().compareTo(b.at()))
                        .orElseThrow();
                usages.put(pod, new PodUsage(first.at(), first.window(), used));
            }
        });
        return usages;
    }
}
