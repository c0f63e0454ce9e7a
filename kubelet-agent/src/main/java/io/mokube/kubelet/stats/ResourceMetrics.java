package io.mokube.kubelet.stats;

import io.mokube.kubelet.runtime.Usage;
import io.mokube.kubelet.stats.Measurement.ContainerUsage;
import io.mokube.kubelet.stats.Measurement.PodUsage;
import java.math.BigDecimal;
import java.time.Instant;

/** A measurement as {@code /metrics/resource} shows it, with the names and types of Kubernetes' kubelets. */
final class ResourceMetrics {

    private final StringBuilder text = new StringBuilder();

    private ResourceMetrics() {}

    static String write(Measurement measurement) {
        ResourceMetrics metrics = new ResourceMetrics();
        metrics.containers(measurement);
        metrics.node(measurement.node());
        metrics.pods(measurement);
        metrics.error(0);
        return metrics.text.toString();
    }

    static String failed() {
        ResourceMetrics metrics = new ResourceMetrics();
        metrics.error(1);
        return metrics.text.toString();
    }

    private void containers(Measurement measurement) {
        head(
                "container_cpu_usage_seconds_total",
                "counter",
                "Cumulative cpu time consumed by the container in core-seconds");
        forContainers(
                measurement,
                (labels, each) -> sample(
                        "container_cpu_usage_seconds_total",
                        labels,
                        seconds(each.usage()),
                        each.usage().at()));
        head("container_memory_working_set_bytes", "gauge", "Current working set of the container in bytes");
        forContainers(
                measurement,
                (labels, each) -> sample(
                        "container_memory_working_set_bytes",
                        labels,
                        BigDecimal.valueOf(each.usage().workingSetBytes()),
                        each.usage().at()));
        head("container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds");
        forContainers(
                measurement,
                (labels, each) -> sample(
                        "container_start_time_seconds",
                        labels,
                        BigDecimal.valueOf(each.startedAt().toEpochMilli(), 3),
                        each.usage().at()));
    }

    private void node(Usage node) {
        head("node_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the node in core-seconds");
        sample("node_cpu_usage_seconds_total", "", seconds(node), node.at());
        head("node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes");
        sample("node_memory_working_set_bytes", "", BigDecimal.valueOf(node.workingSetBytes()), node.at());
    }

    private void pods(Measurement measurement) {
        head("pod_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the pod in core-seconds");
        for (PodUsage pod : measurement.pods()) {
            Usage total = pod.total();
            sample("pod_cpu_usage_seconds_total", labels(pod), seconds(total), total.at());
        }
        head("pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes");
        for (PodUsage pod : measurement.pods()) {
            Usage total = pod.total();
            sample(
                    "pod_memory_working_set_bytes",
                    labels(pod),
                    BigDecimal.valueOf(total.workingSetBytes()),
                    total.at());
        }
    }

    private void error(int value) {
        head("resource_scrape_error", "gauge", "1 if there was an error while getting container metrics, 0 otherwise");
        text.append("resource_scrape_error ").append(value).append('\n');
    }

    @FunctionalInterface
    private interface ContainerSample {
        void write(String labels, ContainerUsage container);
    }

    private static void forContainers(Measurement measurement, ContainerSample sample) {
        for (PodUsage pod : measurement.pods()) {
            for (ContainerUsage container : pod.containers()) {
                sample.write("container=\"" + container.name() + "\"," + labels(pod), container);
            }
        }
    }

    /** Names of Kubernetes' objects hold nothing that would have to be escaped. */
    private static String labels(PodUsage pod) {
        return "namespace=\"" + pod.namespace() + "\",pod=\"" + pod.name() + "\"";
    }

    private static BigDecimal seconds(Usage usage) {
        return BigDecimal.valueOf(usage.cpuNanos(), 9);
    }

    private void head(String name, String type, String help) {
        text.append("# HELP ").append(name).append(" [STABLE] ").append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void sample(String name, String labels, BigDecimal value, Instant at) {
        text.append(name);
        if (!labels.isEmpty()) {
            text.append('{').append(labels).append('}');
        }
        BigDecimal plain = value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
        text.append(' ')
                .append(plain.toPlainString())
                .append(' ')
                .append(at.toEpochMilli())
                .append('\n');
    }
}
