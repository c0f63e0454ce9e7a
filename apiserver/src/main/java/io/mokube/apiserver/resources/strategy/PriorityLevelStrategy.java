package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Priority level configurations. */
final class PriorityLevelStrategy extends SpecStatusStrategy {

    @Override
    public void applyDefaults(KubeObject level) {
        ObjectNode spec = Tree.child(level.root(), "spec");
        if (spec.get("limited") instanceof ObjectNode limited) {
            Tree.orElse(limited, "nominalConcurrencyShares", 30);
            Tree.orElse(limited, "lendablePercent", 0);
            if (limited.path("limitResponse").get("queuing") instanceof ObjectNode queuing) {
                Tree.orElseUnlessPositive(queuing, "queues", 64);
                Tree.orElseUnlessPositive(queuing, "handSize", 8);
                Tree.orElseUnlessPositive(queuing, "queueLengthLimit", 50);
            }
        }
        if (spec.get("exempt") instanceof ObjectNode exempt) {
            Tree.orElse(exempt, "nominalConcurrencyShares", 0);
            Tree.orElse(exempt, "lendablePercent", 0);
        }
    }

    @Override
    public void validateCreate(KubeObject level, List<FieldError> errors) {
        JsonNode spec = level.at("spec");
        String type = Tree.text(spec, "type");
        switch (type) {
            case "Exempt" -> {
                if (spec.has("limited")) {
                    errors.add(FieldError.forbidden("spec.limited", "must be nil if the type is not Limited"));
                }
            }
            case "Limited" -> {
                if (spec.has("exempt")) {
                    errors.add(FieldError.forbidden("spec.exempt", "must be nil if the type is Limited"));
                }
                if (spec.has("limited")) {
                    limited(spec.path("limited"), "spec.limited", errors);
                } else {
                    errors.add(FieldError.required("spec.limited", "must not be empty when type is Limited"));
                }
            }
            default -> errors.add(FieldError.notSupported("spec.type", type, List.of("Exempt", "Limited")));
        }
    }

    private static void limited(JsonNode limited, String path, List<FieldError> errors) {
        long shares = limited.path("nominalConcurrencyShares").asLong(0);
        if (shares < 0) {
            errors.add(
                    FieldError.invalid(path + ".nominalConcurrencyShares", shares, "must be a non-negative integer"));
        }
        Check.between(limited.path("lendablePercent"), 0, 100, path + ".lendablePercent", errors);
        JsonNode response = limited.path("limitResponse");
        String type = Tree.text(response, "type");
        if (!Set.of("Queue", "Reject").contains(type)) {
            errors.add(FieldError.notSupported(path + ".limitResponse.type", type, List.of("Queue", "Reject")));
        } else if (type.equals("Reject") && response.has("queuing")) {
            errors.add(FieldError.forbidden(
                    path + ".limitResponse.queuing", "must be nil if limited.limitResponse.type is not Limited"));
        } else if (type.equals("Queue") && !response.has("queuing")) {
            errors.add(FieldError.required(
                    path + ".limitResponse.queuing", "must not be empty if limited.limitResponse.type is Limited"));
        }
    }

    @Override
    public void validateUpdate(KubeObject level, KubeObject old, List<FieldError> errors) {
        validateCreate(level, errors);
    }
}
