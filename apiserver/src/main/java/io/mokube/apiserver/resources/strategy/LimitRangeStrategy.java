package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Limit ranges, whose bounds for containers imply defaults. */
final class LimitRangeStrategy implements ResourceStrategy {

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
        for (int i = 0; i < limits.size(); i++) {
            String path = "spec.limits[" + i + "]";
            Check.required(limits.get(i), "type", path, errors);
            Map<String, String> max = Tree.texts(limits.get(i).path("max"));
            for (String lower : List.of("min", "default", "defaultRequest")) {
                Tree.texts(limits.get(i).path(lower)).forEach((name, value) -> {
                    String most = max.get(name);
                    if (most != null && Quantity.parse(value).compareTo(Quantity.parse(most)) > 0) {
                        errors.add(FieldError.invalid(
                                path + "." + lower + "[" + name + "]",
                                value,
                                lower + " value " + value + " is greater than max value " + most));
                    }
                });
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
