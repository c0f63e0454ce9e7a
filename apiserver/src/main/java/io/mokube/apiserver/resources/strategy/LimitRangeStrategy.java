package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Amounts;
import io.mokube.machinery.quota.Amounts.Amount;
import java.math.MathContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Limit ranges, whose bounds for containers imply defaults. */
final class LimitRangeStrategy implements ResourceStrategy {

    private static final Set<String> TYPES = Set.of("Pod", "Container", "PersistentVolumeClaim");

    @Override
    public void applyDefaults(KubeObject range) {
        for (ObjectNode limit : Tree.items(range.at("spec"), "limits")) {
            if (Tree.text(limit, "type").equals("Container")) {
                inherit(limit, "default", "max");
                inherit(limit, "defaultRequest", "default");
                inherit(limit, "defaultRequest", "min");
            }
        }
    }

    private static void inherit(ObjectNode limit, String field, String source) {
        for (Map.Entry<String, JsonNode> each : limit.path(source).properties()) {
            ObjectNode target = Tree.child(limit, field);
            if (!target.has(each.getKey())) {
                target.set(each.getKey(), each.getValue());
            }
        }
    }

    @Override
    public void validateCreate(KubeObject range, List<FieldError> errors) {
        List<ObjectNode> limits = Tree.items(range.at("spec"), "limits");
        Check.distinct(limits, "type", "spec.limits", errors);
        for (int i = 0; i < limits.size(); i++) {
            validate(limits.get(i), "spec.limits[" + i + "]", errors);
        }
    }

    private static void validate(ObjectNode limit, String path, List<FieldError> errors) {
        Check.required(limit, "type", path, errors);
        String type = Tree.text(limit, "type");
        if (!type.isEmpty() && !TYPES.contains(type) && type.indexOf('/') < 0) {
            errors.add(FieldError.invalid(path + ".type", type, "must be a standard limit type or fully qualified"));
        }
        if (type.equals("Pod")) {
            for (String field : List.of("default", "defaultRequest")) {
                if (!limit.path(field).isEmpty()) {
                    errors.add(FieldError.forbidden(path + "." + field, "may not be specified when `type` is 'Pod'"));
                }
            }
        }
        if (type.equals("PersistentVolumeClaim")
                && !limit.path("min").has("storage")
                && !limit.path("max").has("storage")) {
            errors.add(FieldError.required(
                    path + ".limits", "either minimum or maximum storage value is required, but neither was provided"));
        }
        Set<String> names = new TreeSet<>();
        for (String field : List.of("min", "max", "default", "defaultRequest", "maxLimitRequestRatio")) {
            names.addAll(Amounts.of(limit.path(field)).names());
        }
        for (String name : names) {
            compare(limit, name, path, errors);
        }
    }

    /** Two bounds of which the first must not be more, and which of them is to blame. */
    private record Order(String low, String lowWords, String high, String highWords, String blamed) {}

    private static final List<Order> ORDERS = List.of(
            new Order("min", "min value", "max", "max value", "min"),
            new Order("min", "min value", "defaultRequest", "default request value", "defaultRequest"),
            new Order("defaultRequest", "default request value", "max", "max value", "defaultRequest"),
            new Order("defaultRequest", "default request value", "default", "default limit value", "defaultRequest"),
            new Order("min", "min value", "default", "default value", "default"),
            new Order("default", "default value", "max", "max value", "default"));

    private static void compare(ObjectNode limit, String name, String path, List<FieldError> errors) {
        for (Order order : ORDERS) {
            Amounts low = Amounts.of(limit.path(order.low));
            Amounts high = Amounts.of(limit.path(order.high));
            if (low.has(name) && high.has(name) && low.get(name).compareTo(high.get(name)) > 0) {
                errors.add(FieldError.invalid(
                        path + "." + order.blamed + "[" + name + "]",
                        Amounts.of(limit.path(order.blamed)).get(name).toString(),
                        order.lowWords + " " + low.get(name) + " is greater than " + order.highWords + " "
                                + high.get(name)));
            }
        }
        if (limit.path("maxLimitRequestRatio").has(name)) {
            ratio(limit, name, path + ".maxLimitRequestRatio[" + name + "]", errors);
        }
    }

    private static void ratio(ObjectNode limit, String name, String path, List<FieldError> errors) {
        Amount ratio = Amounts.of(limit.path("maxLimitRequestRatio")).get(name);
        if (ratio.compareTo(Amount.ONE) < 0) {
            errors.add(FieldError.invalid(path, ratio.toString(), "ratio " + ratio + " is less than 1"));
        }
        Amount min = Amounts.of(limit.path("min")).get(name);
        Amounts max = Amounts.of(limit.path("max"));
        if (min.value().signum() > 0 && max.has(name)) {
            double most = max.get(name)
                    .value()
                    .divide(min.value(), MathContext.DECIMAL64)
                    .doubleValue();
            if (ratio.value().doubleValue() > most) {
                errors.add(FieldError.invalid(
                        path,
                        ratio.toString(),
                        "ratio " + ratio + " is greater than max/min = " + String.format(Locale.ROOT, "%f", most)));
            }
        }
    }

    @Override
    public void validateUpdate(KubeObject range, KubeObject old, List<FieldError> errors) {
        validateCreate(range, errors);
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
