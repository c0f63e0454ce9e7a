package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.quantity.Quantity;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What an autoscaler's metrics and behavior must keep to. */
final class AutoscalerRules {

    private static final long LONGEST_WINDOW_SECONDS = 3600;
    private static final long LONGEST_PERIOD_SECONDS = 1800;
    private static final String TOO_SMALL = "must be greater than zero";

    /** The field that belongs to each type of metric. */
    private static final Map<String, String> FIELDS = new TreeMap<>(Map.of(
            "ContainerResource", "containerResource",
            "External", "external",
            "Object", "object",
            "Pods", "pods",
            "Resource", "resource"));

    private AutoscalerRules() {}

    static void metrics(JsonNode spec, List<FieldError> errors) {
        List<ObjectNode> metrics = Tree.items(spec, "metrics");
        for (int i = 0; i < metrics.size(); i++) {
            metric(metrics.get(i), "spec.metrics[" + i + "]", errors);
        }
    }

    private static void metric(ObjectNode metric, String path, List<FieldError> errors) {
        String type = Tree.text(metric, "type");
        if (type.isEmpty()) {
            errors.add(FieldError.required(path + ".type", "must specify a metric source type"));
        }
        String field = FIELDS.get(type);
        if (field == null) {
            errors.add(FieldError.notSupported(path + ".type", type, FIELDS.keySet()));
            return;
        }
        for (String other : FIELDS.values()) {
            if (!other.equals(field) && metric.has(other)) {
                errors.add(FieldError.forbidden(path + "." + other, "must populate the given metric source only"));
            }
        }
        JsonNode source = metric.path(field);
        if (!source.isObject()) {
            errors.add(
                    FieldError.required(path + "." + field, "must populate information for the given metric source"));
            return;
        }
        source(type, source, path + "." + field, errors);
    }

    private static void source(String type, JsonNode source, String path, List<FieldError> errors) {
        JsonNode target = source.path("target");
        String targetPath = path + ".target";
        boolean value = target.has("value");
        boolean average = target.has("averageValue");
        boolean utilization = target.has("averageUtilization");
        if (type.equals("Resource") || type.equals("ContainerResource")) {
            named(source, "name", path, "must specify a resource name", errors);
            if (type.equals("ContainerResource")) {
                named(source, "container", path, "must specify a container", errors);
            }
            if (!utilization && !average) {
                errors.add(FieldError.required(
                        targetPath + ".averageUtilization",
                        "must set either a target raw value or a target utilization"));
            } else if (utilization && average) {
                errors.add(FieldError.forbidden(
                        targetPath + ".averageValue", "may not set both a target raw value and a target utilization"));
            }
        } else {
            named(source.path("metric"), "name", path + ".metric", "must specify a metric name", errors);
            Check.selector(source.path("metric").path("selector"), path + ".metric.selector", errors);
            if (type.equals("Pods")) {
                if (!average) {
                    errors.add(FieldError.required(
                            targetPath + ".averageValue", "must specify a positive target averageValue"));
                }
            } else if (!value && !average) {
                errors.add(FieldError.required(
                        targetPath + ".averageValue", "must set either a target value for metric or a per-pod target"));
            } else if (type.equals("External") && value && average) {
                errors.add(FieldError.forbidden(
                        targetPath + ".value", "may not set both a target value for metric and a per-pod target"));
            }
            if (type.equals("Object")) {
                Check.required(source.path("describedObject"), "kind", path + ".describedObject", errors);
                Check.required(source.path("describedObject"), "name", path + ".describedObject", errors);
            }
        }
        target(target, targetPath, errors);
    }

    private static void target(JsonNode target, String path, List<FieldError> errors) {
        String type = Tree.text(target, "type");
        if (type.isEmpty()) {
            errors.add(FieldError.required(path + ".type", "must specify a metric target type"));
        } else if (!Set.of("Utilization", "Value", "AverageValue").contains(type)) {
            errors.add(FieldError.invalid(path + ".type", type, "must be either Utilization, Value, or AverageValue"));
        }
        for (String field : List.of("value", "averageValue")) {
            JsonNode quantity = target.path(field);
            if (!quantity.isMissingNode()
                    && Quantity.parse(quantity.asString("0")).compareTo(Quantity.ZERO) <= 0) {
                errors.add(FieldError.invalid(path + "." + field, quantity.asString(""), "must be positive"));
            }
        }
        JsonNode percent = target.path("averageUtilization");
        if (!percent.isMissingNode() && percent.asLong(0) < 1) {
            errors.add(FieldError.invalid(path + ".averageUtilization", percent.asLong(0), "must be greater than 0"));
        }
    }

    private static void named(JsonNode parent, String field, String path, String detail, List<FieldError> errors) {
        if (Tree.text(parent, field).isEmpty()) {
            errors.add(FieldError.required(path + "." + field, detail));
        }
    }

    static void behavior(JsonNode behavior, List<FieldError> errors) {
        for (String direction : List.of("scaleUp", "scaleDown")) {
            if (behavior.has(direction)) {
                rules(behavior.path(direction), "spec.behavior." + direction, errors);
            }
        }
    }

    private static void rules(JsonNode rules, String path, List<FieldError> errors) {
        long window = rules.path("stabilizationWindowSeconds").asLong(0);
        if (window < 0) {
            errors.add(FieldError.invalid(
                    path + ".stabilizationWindowSeconds", window, "must be greater than or equal to zero"));
        } else if (window > LONGEST_WINDOW_SECONDS) {
            errors.add(FieldError.invalid(
                    path + ".stabilizationWindowSeconds",
                    window,
                    "must be less than or equal to " + LONGEST_WINDOW_SECONDS));
        }
        Check.oneOf(rules, "selectPolicy", path, Set.of("Disabled", "Max", "Min"), errors);
        List<ObjectNode> policies = Tree.items(rules, "policies");
        if (policies.isEmpty()) {
            errors.add(FieldError.required(path + ".policies", "must specify at least one Policy"));
        }
        for (int i = 0; i < policies.size(); i++) {
            policy(policies.get(i), path + ".policies[" + i + "]", errors);
        }
        JsonNode tolerance = rules.path("tolerance");
        if (!tolerance.isMissingNode()
                && Quantity.parse(tolerance.asString("0")).compareTo(Quantity.ZERO) < 0) {
            errors.add(FieldError.invalid(
                    path + ".tolerance", tolerance.asString(""), "must be greater than or equal to zero"));
        }
    }

    private static void policy(ObjectNode policy, String path, List<FieldError> errors) {
        String type = Tree.text(policy, "type");
        if (!type.equals("Pods") && !type.equals("Percent")) {
            errors.add(FieldError.notSupported(path + ".type", type, List.of("Percent", "Pods")));
        }
        for (String field : List.of("value", "periodSeconds")) {
            long number = policy.path(field).asLong(0);
            if (number <= 0) {
                errors.add(FieldError.invalid(path + "." + field, number, TOO_SMALL));
            } else if (field.equals("periodSeconds") && number > LONGEST_PERIOD_SECONDS) {
                errors.add(FieldError.invalid(
                        path + "." + field, number, "must be less than or equal to " + LONGEST_PERIOD_SECONDS));
            }
        }
    }
}
