package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ContainerResourceMetricSource;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ContainerResourceMetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ExternalMetricSource;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ExternalMetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricIdentifier;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricTarget;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricValueStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricValueStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ObjectMetricSource;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ObjectMetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.PodsMetricSource;
import io.fabric8.kubernetes.api.model.autoscaling.v2.PodsMetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ResourceMetricSource;
import io.fabric8.kubernetes.api.model.autoscaling.v2.ResourceMetricStatus;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.podautoscaler.ReplicaCalculator.Proposal;
import io.mokube.machinery.selector.LabelSelector;
import java.math.BigDecimal;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What each metric of an autoscaler asks for. Nothing but its source may do I/O. */
final class MetricJudge {

    private final String namespace;
    private final LabelSelector selector;
    private final MetricsSource source;
    private final ReplicaCalculator calculator;

    /** @param selector of the target's pods */
    MetricJudge(String namespace, LabelSelector selector, MetricsSource source, ReplicaCalculator calculator) {
        this.namespace = namespace;
        this.selector = selector;
        this.source = source;
        this.calculator = calculator;
    }

    /** What came of one metric. */
    sealed interface Judgement {

        /** How it is shown in the status. */
        MetricStatus status();

        /** @param name of the metric, as events tell it */
        record Found(int replicas, String name, MetricStatus status) implements Judgement {}

        /**
         * @param reason of the event and the condition
         * @param message of the event
         * @param error among all metrics
         */
        record Failed(String reason, String message, String error, MetricStatus status) implements Judgement {}
    }

    Judgement judge(MetricSpec metric) {
        String type = metric.getType();
        return switch (type) {
            case "Resource" -> resource(metric.getResource());
            case "ContainerResource" -> containerResource(metric.getContainerResource());
            case "Pods" -> pods(metric.getPods());
            case "Object" -> object(metric.getObject());
            case "External" -> external(metric.getExternal());
            default -> {
                String message = "unknown metric source type \"" + type + "\"";
                yield new Judgement.Failed("InvalidMetricSourceType", message, message, empty(type));
            }
        };
    }

    private Judgement resource(ResourceMetricSource metric) {
        String name = metric.getName();
        return resource(
                "Resource",
                name,
                "",
                metric.getTarget(),
                used -> new MetricStatusBuilder().withResource(new ResourceMetricStatus(used, name)));
    }

    private Judgement containerResource(ContainerResourceMetricSource metric) {
        String name = metric.getName();
        String container = metric.getContainer();
        return resource(
                "ContainerResource",
                name,
                container,
                metric.getTarget(),
                used -> new MetricStatusBuilder()
                        .withContainerResource(new ContainerResourceMetricStatus(container, used, name)));
    }

    private Judgement resource(
            String type,
            String name,
            String container,
            MetricTarget target,
            Function<MetricValueStatus, MetricStatusBuilder> status) {
        try {
            Proposal proposal = resource(name, container, target);
            return new Judgement.Found(
                    proposal.replicas(),
                    resourceName(name, target),
                    status.apply(used(proposal, target)).withType(type).build());
        } catch (MetricUnavailableException e) {
            String kind = container.isEmpty() ? "resource" : "container";
            String message = failed(name, target, container.isEmpty() ? kind : "container resource", e);
            return new Judgement.Failed(
                    "FailedGet" + type + "Metric",
                    message,
                    "failed to get " + name + " " + kind + " metric value: " + message,
                    empty(type));
        }
    }

    private static String resourceName(String name, MetricTarget target) {
        return name
                + (target.getAverageValue() != null ? " resource" : " resource utilization (percentage of request)");
    }

    private static String failed(String name, MetricTarget target, String kind, MetricUnavailableException cause) {
        boolean isInvalid = target.getAverageValue() == null && target.getAverageUtilization() == null;
        return isInvalid
                ? "invalid " + kind
                        + " metric source: neither an average utilization target nor an average value (usage)"
                        + " target was set"
                : "failed to get " + name + (target.getAverageValue() != null ? " usage: " : " utilization: ")
                        + cause.text();
    }

    private Proposal resource(String resource, String container, MetricTarget target)
            throws MetricUnavailableException {
        Integer percent = target.getAverageUtilization();
        Quantity value = target.getAverageValue();
        if (percent == null && value == null) {
            throw new MetricUnavailableException("no target");
        }
        Map<String, Reading> readings;
        try {
            readings = source.resource(namespace, selector, resource, container);
        } catch (MetricUnavailableException e) {
            throw new MetricUnavailableException("unable to get metrics for resource " + resource + ": " + e.text());
        }
        return value != null
                ? calculator.average(readings, resource, milli(value))
                : calculator.utilization(readings, resource, container, percent == null ? 0 : percent);
    }

    private static MetricValueStatus used(Proposal proposal, MetricTarget target) {
        MetricValueStatusBuilder status = new MetricValueStatusBuilder().withAverageValue(quantity(proposal.milli()));
        return target.getAverageValue() != null
                ? status.build()
                : status.withAverageUtilization(proposal.percent()).build();
    }

    private Judgement pods(PodsMetricSource metric) {
        String name = metric.getMetric().getName();
        try {
            Map<String, Reading> readings;
            try {
                readings = source.pods(namespace, selector, name, series(metric.getMetric()));
            } catch (MetricUnavailableException e) {
                throw new MetricUnavailableException("unable to get metric " + name + ": " + e.text());
            }
            Proposal proposal =
                    calculator.average(readings, "", milli(metric.getTarget().getAverageValue()));
            return new Judgement.Found(
                    proposal.replicas(),
                    "pods metric " + name,
                    new MetricStatusBuilder()
                            .withType("Pods")
                            .withPods(new PodsMetricStatus(average(proposal), metric.getMetric()))
                            .build());
        } catch (MetricUnavailableException e) {
            return new Judgement.Failed(
                    "FailedGetPodsMetric", e.text(), "failed to get pods metric value: " + e.text(), empty("Pods"));
        }
    }

    private Judgement object(ObjectMetricSource metric) {
        String name = metric.getMetric().getName();
        MetricTarget target = metric.getTarget();
        try {
            if (target.getValue() == null && target.getAverageValue() == null) {
                throw new MetricUnavailableException(
                        "invalid object metric source: neither a value target nor an average value target was set");
            }
            long value;
            try {
                value = source.object(namespace, metric.getDescribedObject(), name, series(metric.getMetric()));
            } catch (MetricUnavailableException e) {
                throw new MetricUnavailableException("unable to get metric " + name + ": "
                        + metric.getDescribedObject().getKind() + " on " + namespace + " "
                        + metric.getDescribedObject().getName() + "/" + e.text());
            }
            Proposal proposal = proposal(value, target);
            return new Judgement.Found(
                    proposal.replicas(),
                    target.getValue() != null
                            ? metric.getDescribedObject().getKind() + " metric " + name
                            : "external metric " + name + "(" + shown(metric.getMetric()) + ")",
                    new MetricStatusBuilder()
                            .withType("Object")
                            .withObject(new ObjectMetricStatus(
                                    shown(proposal, target), metric.getDescribedObject(), metric.getMetric()))
                            .build());
        } catch (MetricUnavailableException e) {
            return new Judgement.Failed(
                    "FailedGetObjectMetric",
                    e.text(),
                    "failed to get object metric value: " + e.text(),
                    empty("Object"));
        }
    }

    private Judgement external(ExternalMetricSource metric) {
        String name = metric.getMetric().getName();
        MetricTarget target = metric.getTarget();
        try {
            if (target.getValue() == null && target.getAverageValue() == null) {
                throw new MetricUnavailableException(
                        "invalid external metric source: neither a value target nor an average value target was set");
            }
            long value = 0;
            try {
                for (long each : source.external(namespace, name, series(metric.getMetric()))) {
                    value += each;
                }
            } catch (MetricUnavailableException e) {
                throw new MetricUnavailableException("unable to get external metric " + namespace + "/" + name + "/"
                        + shown(metric.getMetric()) + ": " + e.text());
            }
            Proposal proposal = proposal(value, target);
            return new Judgement.Found(
                    proposal.replicas(),
                    "external metric " + name + "(" + shown(metric.getMetric()) + ")",
                    new MetricStatusBuilder()
                            .withType("External")
                            .withExternal(new ExternalMetricStatus(shown(proposal, target), metric.getMetric()))
                            .build());
        } catch (MetricUnavailableException e) {
            return new Judgement.Failed(
                    "FailedGetExternalMetric",
                    e.text(),
                    "failed to get " + name + " external metric value: " + e.text(),
                    empty("External"));
        }
    }

    private Proposal proposal(long value, MetricTarget target) throws MetricUnavailableException {
        Quantity whole = target.getValue();
        return whole != null
                ? calculator.value(value, milli(whole))
                : calculator.valuePerPod(value, milli(target.getAverageValue()));
    }

    private static MetricValueStatus shown(Proposal proposal, MetricTarget target) {
        return target.getValue() != null
                ? new MetricValueStatusBuilder()
                        .withValue(quantity(proposal.milli()))
                        .build()
                : average(proposal);
    }

    private static MetricValueStatus average(Proposal proposal) {
        return new MetricValueStatusBuilder()
                .withAverageValue(quantity(proposal.milli()))
                .build();
    }

    private static LabelSelector series(MetricIdentifier metric) throws MetricUnavailableException {
        if (metric.getSelector() == null) {
            return LabelSelector.EVERYTHING;
        }
        return Ownership.selector(metric.getSelector())
                .orElseThrow(() -> new MetricUnavailableException(
                        "the selector of metric " + metric.getName() + " can't be understood"));
    }

    /** As Kubernetes prints a selector that may be absent. */
    private static String shown(MetricIdentifier metric) {
        return metric.getSelector() == null
                ? "nil"
                : Ownership.selector(metric.getSelector())
                        .map(LabelSelector::toString)
                        .orElse("");
    }

    /** A metric without a value keeps its place in the list. */
    private static MetricStatus empty(String type) {
        return new MetricStatusBuilder().withType(type).build();
    }

    private static long milli(@Nullable Quantity quantity) throws MetricUnavailableException {
        if (quantity == null) {
            throw new MetricUnavailableException("the metric has no target");
        }
        return io.mokube.machinery.quantity.Quantity.parse(quantity.toString()).milliValue();
    }

    private static Quantity quantity(long milli) {
        return Quantity.parse(new io.mokube.machinery.quantity.Quantity(BigDecimal.valueOf(milli, 3)).toString());
    }
}
