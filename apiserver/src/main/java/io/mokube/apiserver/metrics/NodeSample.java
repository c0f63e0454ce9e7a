package io.mokube.apiserver.metrics;

import io.mokube.machinery.names.ObjectKey;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a kubelet answers to {@code /metrics/resource}: the node, and its pods' containers by name. Containers without all
 * of their numbers are left out.
 */
record NodeSample(Optional<Sample> node, Map<ObjectKey, Map<String, Sample>> pods) {

    private static final Pattern LINE = Pattern.compile("([a-z_]+)(?:\\{(.*)})? ([0-9.eE+-]+)(?: ([0-9]{1,18}))?");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final BigDecimal NANOS = BigDecimal.valueOf(1_000_000_000);

    NodeSample {
        pods = Map.copyOf(pods);
    }

    /**
     * Reads Prometheus' text. Lines that mean nothing here, or nothing at all, are passed over.
     *
     * @param received when it came, for numbers without a time
     */
    static NodeSample parse(String text, Instant received) {
        Reader reader = new Reader(received);
        text.lines().forEach(reader::line);
        return reader.sample();
    }

    /** A sample while its numbers are coming in. */
    private static final class Gathered {
        private @Nullable Instant at;
        private @Nullable Long cpuNanos;
        private @Nullable Long memoryBytes;
        private @Nullable Instant startedAt;

        Optional<Sample> sample() {
            return at == null || cpuNanos == null || memoryBytes == null
                    ? Optional.empty()
                    : Optional.of(new Sample(at, cpuNanos, memoryBytes, startedAt));
        }
    }

    private static final class Reader {

        private final Instant received;
        private final Gathered node = new Gathered();
        private final Map<ObjectKey, Map<String, Gathered>> pods = new HashMap<>();

        Reader(Instant received) {
            this.received = received;
        }

        void line(String line) {
            Matcher match = LINE.matcher(line.strip());
            if (line.startsWith("#") || !match.matches()) {
                return;
            }
            BigDecimal value;
            try {
                value = new BigDecimal(match.group(3));
            } catch (NumberFormatException e) {
                return;
            }
            Instant at = match.group(4) == null ? received : Instant.ofEpochMilli(Long.parseLong(match.group(4)));
            String labels = match.group(2) == null ? "" : match.group(2);
            switch (match.group(1)) {
                case "node_cpu_usage_seconds_total" -> cpu(node, value, at);
                case "node_memory_working_set_bytes" -> node.memoryBytes = whole(value);
                case "container_cpu_usage_seconds_total" -> cpu(container(labels), value, at);
                case "container_memory_working_set_bytes" -> container(labels).memoryBytes = whole(value);
                case "container_start_time_seconds" ->
                    container(labels).startedAt = Instant.EPOCH.plusNanos(whole(value.multiply(NANOS)));
                default -> {}
            }
        }

        private static void cpu(Gathered sample, BigDecimal value, Instant at) {
            sample.at = at;
            sample.cpuNanos = whole(value.multiply(NANOS));
        }

        private static long whole(BigDecimal value) {
            return value.setScale(0, RoundingMode.HALF_UP).longValue();
        }

        private Gathered container(String labels) {
            Map<String, String> named = new HashMap<>();
            Matcher label = LABEL.matcher(labels);
            while (label.find()) {
                named.put(label.group(1), label.group(2));
            }
            ObjectKey pod = new ObjectKey(named.getOrDefault("namespace", ""), named.getOrDefault("pod", ""));
            return pods.computeIfAbsent(pod, key -> new HashMap<>())
                    .computeIfAbsent(named.getOrDefault("container", ""), key -> new Gathered());
        }

        NodeSample sample() {
            Map<ObjectKey, Map<String, Sample>> complete = new HashMap<>();
            pods.forEach((pod, containers) -> {
                Map<String, Sample> samples = new HashMap<>();
                containers.forEach(
                        (name, gathered) -> gathered.sample().ifPresent(sample -> samples.put(name, sample)));
                complete.put(pod, Map.copyOf(samples));
            });
            return new NodeSample(node.sample(), complete);
        }
    }
}
