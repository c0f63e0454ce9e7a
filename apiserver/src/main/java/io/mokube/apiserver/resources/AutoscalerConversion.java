package io.mokube.apiserver.resources;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code autoscaling/v1} autoscalers, stored as {@code autoscaling/v2}. Version 1 knows one metric, the use of CPU; what
 * else version 2 has travels in annotations, so that reading and writing back through version 1 loses nothing.
 */
final class AutoscalerConversion implements Conversion {

    static final Conversion INSTANCE = new AutoscalerConversion();

    private static final String METRICS = "autoscaling.alpha.kubernetes.io/metrics";
    private static final String CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics";
    private static final String CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions";
    private static final String BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";

    private AutoscalerConversion() {}

    @Override
    public void toStorage(KubeObject object) {
        ObjectNode root = object.root();
        root.put("apiVersion", "autoscaling/v2");
        if (root.get("spec") instanceof ObjectNode spec) {
            JsonNode cpu = spec.remove("targetCPUUtilizationPercentage");
            ArrayNode metrics = metricsToStorage(takeAnnotation(object, METRICS), "target");
            if (cpu != null) {
                ObjectNode metric = Json.MAPPER.createObjectNode().put("type", "Resource");
                ObjectNode resource = metric.putObject("resource").put("name", "cpu");
                resource.putObject("target").put("type", "Utilization").set("averageUtilization", cpu);
                metrics.insert(0, metric);
            }
            if (!metrics.isEmpty()) {
                spec.set("metrics", metrics);
            }
            if (takeAnnotation(object, BEHAVIOR) instanceof ObjectNode behavior) {
                spec.set("behavior", behavior);
            }
        }
        if (root.get("status") instanceof ObjectNode status) {
            JsonNode cpu = status.remove("currentCPUUtilizationPercentage");
            ArrayNode metrics = metricsToStorage(takeAnnotation(object, CURRENT_METRICS), "current");
            if (cpu != null) {
                ObjectNode metric = Json.MAPPER.createObjectNode().put("type", "Resource");
                ObjectNode resource = metric.putObject("resource").put("name", "cpu");
                resource.putObject("current").set("averageUtilization", cpu);
                metrics.insert(0, metric);
            }
            if (!metrics.isEmpty()) {
                status.set("currentMetrics", metrics);
            }
            if (takeAnnotation(object, CONDITIONS) instanceof ArrayNode conditions) {
                status.set("conditions", conditions);
            }
        }
        if (object.metadata().path("annotations").isEmpty()) {
            object.metadata().remove("annotations");
        }
    }

    @Override
    public void fromStorage(KubeObject object) {
        ObjectNode root = object.root();
        root.put("apiVersion", "autoscaling/v1");
        if (root.get("spec") instanceof ObjectNode spec) {
            ArrayNode others = Json.MAPPER.createArrayNode();
            if (spec.remove("metrics") instanceof ArrayNode metrics) {
                for (JsonNode metric : metrics) {
                    JsonNode utilization =
                            metric.path("resource").path("target").path("averageUtilization");
                    if (isCpu(metric) && utilization.isNumber() && !spec.has("targetCPUUtilizationPercentage")) {
                        spec.set("targetCPUUtilizationPercentage", utilization);
                    } else {
                        others.add(metricFromStorage(metric, "target"));
                    }
                }
            }
            putAnnotation(object, METRICS, others);
            putAnnotation(object, BEHAVIOR, spec.remove("behavior"));
        }
        if (root.get("status") instanceof ObjectNode status) {
            ArrayNode others = Json.MAPPER.createArrayNode();
            if (status.remove("currentMetrics") instanceof ArrayNode metrics) {
                for (JsonNode metric : metrics) {
                    JsonNode current = metric.path("resource").path("current");
                    if (isCpu(metric) && current.path("averageUtilization").isNumber()) {
                        status.set("currentCPUUtilizationPercentage", current.path("averageUtilization"));
                        // The average value has no field of its own in version 1.
                        if (!current.has("averageValue")) {
                            continue;
                        }
                    }
                    others.add(metricFromStorage(metric, "current"));
                }
            }
            putAnnotation(object, CURRENT_METRICS, others);
            putAnnotation(object, CONDITIONS, status.remove("conditions"));
        }
    }

    private static boolean isCpu(JsonNode metric) {
        return metric.path("type").asString("").equals("Resource")
                && metric.path("resource").path("name").asString("").equals("cpu");
    }

    /**
     * Metrics in version 1 have their numbers beside their names; version 2 keeps them in an object of their own.
     *
     * @param role {@code target} in the spec, {@code current} in the status
     */
    private static ArrayNode metricsToStorage(JsonNode annotation, String role) {
        ArrayNode metrics = Json.MAPPER.createArrayNode();
        for (JsonNode each : annotation) {
            if (each instanceof ObjectNode metric && sourceOf(metric) instanceof ObjectNode source) {
                sourceToStorage(source, metric.path("type").asString(""), role);
                metrics.add(metric);
            }
        }
        return metrics;
    }

    private static void sourceToStorage(ObjectNode source, String type, String role) {
        ObjectNode numbers = Json.MAPPER.createObjectNode();
        String utilization = role + "AverageUtilization";
        String average = role + "AverageValue";
        String value = role + "Value";
        move(source, utilization, numbers, "averageUtilization");
        move(source, average, numbers, "averageValue");
        move(source, "averageValue", numbers, "averageValue");
        move(source, value, numbers, "value");
        if (role.equals("target")) {
            String kind = numbers.has("averageUtilization")
                    ? "Utilization"
                    : numbers.has("averageValue") ? "AverageValue" : "Value";
            numbers.put("type", kind);
        }
        if (type.equals("Object")) {
            move(source, "target", source, "describedObject");
        }
        if (source.has("metricName")) {
            ObjectNode metric = source.putObject("metric");
            move(source, "metricName", metric, "name");
            move(source, type.equals("External") ? "metricSelector" : "selector", metric, "selector");
        }
        source.set(role, numbers);
    }

    private static JsonNode metricFromStorage(JsonNode stored, String role) {
        JsonNode copy = stored.deepCopy();
        if (copy instanceof ObjectNode metric && sourceOf(metric) instanceof ObjectNode source) {
            String type = metric.path("type").asString("");
            JsonNode numbers = source.remove(role);
            if (source.remove("metric") instanceof ObjectNode named) {
                move(named, "name", source, "metricName");
                move(named, "selector", source, type.equals("External") ? "metricSelector" : "selector");
            }
            if (type.equals("Object")) {
                move(source, "describedObject", source, "target");
            }
            if (numbers instanceof ObjectNode values) {
                move(values, "averageUtilization", source, role + "AverageUtilization");
                move(values, "averageValue", source, type.equals("Object") ? "averageValue" : role + "AverageValue");
                move(values, "value", source, role + "Value");
            }
        }
        return copy;
    }

    /** The part of a metric that is named after its type. */
    private static JsonNode sourceOf(ObjectNode metric) {
        return metric.path(
                switch (metric.path("type").asString("")) {
                    case "Resource" -> "resource";
                    case "ContainerResource" -> "containerResource";
                    case "Pods" -> "pods";
                    case "Object" -> "object";
                    case "External" -> "external";
                    default -> "";
                });
    }

    private static void move(ObjectNode from, String name, ObjectNode to, String newName) {
        JsonNode value = from.remove(name);
        if (value != null) {
            to.set(newName, value);
        }
    }

    /** Removes an annotation and reads its JSON; a missing node when there is none, or none that can be read. */
    private static JsonNode takeAnnotation(KubeObject object, String key) {
        JsonNode text =
                object.metadata().get("annotations") instanceof ObjectNode annotations ? annotations.remove(key) : null;
        if (text != null) {
            try {
                return Json.MAPPER.readTree(text.asString(""));
            } catch (JacksonException e) {
                return Json.MAPPER.missingNode();
            }
        }
        return Json.MAPPER.missingNode();
    }

    private static void putAnnotation(KubeObject object, String key, @Nullable JsonNode value) {
        if (value == null || value.isEmpty()) {
            return;
        }
        ObjectNode annotations = object.metadata().get("annotations") instanceof ObjectNode existing
                ? existing
                : object.metadata().putObject("annotations");
        annotations.put(key, value.toString());
    }
}
