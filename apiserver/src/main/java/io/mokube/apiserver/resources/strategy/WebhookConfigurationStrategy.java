package io.mokube.apiserver.resources.strategy;

import dev.cel.common.types.CelKind;
import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Configurations of mutating and of validating webhooks. */
final class WebhookConfigurationStrategy implements ResourceStrategy {

    private static final int DEFAULT_TIMEOUT_SECONDS = 10;
    private static final int LONGEST_TIMEOUT_SECONDS = 30;
    private static final int HTTPS = 443;
    private static final int LEAST_NAME_PARTS = 3;
    private static final Set<String> REVIEW_VERSIONS = Set.of("v1", "v1beta1");
    private static final List<String> OPERATIONS = List.of("*", "CONNECT", "CREATE", "DELETE", "UPDATE");

    private final boolean mutating;

    WebhookConfigurationStrategy(boolean mutating) {
        this.mutating = mutating;
    }

    @Override
    public void applyDefaults(KubeObject configuration) {
        for (ObjectNode webhook : Tree.items(configuration.root(), "webhooks")) {
            Tree.orElse(webhook, "failurePolicy", "Fail");
            Tree.orElse(webhook, "matchPolicy", "Equivalent");
            Tree.orElse(webhook, "timeoutSeconds", DEFAULT_TIMEOUT_SECONDS);
            Tree.child(webhook, "namespaceSelector");
            Tree.child(webhook, "objectSelector");
            if (mutating) {
                Tree.orElse(webhook, "reinvocationPolicy", "Never");
            }
            for (ObjectNode rule : Tree.items(webhook, "rules")) {
                Tree.orElse(rule, "scope", "*");
            }
            if (webhook.path("clientConfig").get("service") instanceof ObjectNode service) {
                Tree.orElse(service, "port", HTTPS);
            }
        }
    }

    @Override
    public void validateCreate(KubeObject configuration, List<FieldError> errors) {
        List<ObjectNode> webhooks = Tree.items(configuration.root(), "webhooks");
        Set<String> names = new HashSet<>();
        for (int i = 0; i < webhooks.size(); i++) {
            String path = "webhooks[" + i + "]";
            String name = Tree.text(webhooks.get(i), "name");
            webhook(webhooks.get(i), name, path, errors);
            if (!names.add(name)) {
                errors.add(FieldError.duplicate(path + ".name", name));
            }
        }
    }

    private static void webhook(ObjectNode webhook, String name, String path, List<FieldError> errors) {
        if (name.isEmpty()) {
            errors.add(FieldError.required(path + ".name", ""));
        } else if (name.split("\\.", -1).length < LEAST_NAME_PARTS) {
            errors.add(FieldError.invalid(
                    path + ".name", name, "should be a domain with at least three segments separated by dots"));
        } else {
            Check.name(name, NameFormat::dnsSubdomain, path + ".name", errors);
        }
        JsonNode versions = webhook.path("admissionReviewVersions");
        boolean isSpoken = false;
        for (JsonNode version : versions) {
            isSpoken |= REVIEW_VERSIONS.contains(version.asString(""));
        }
        if (versions.isEmpty()) {
            errors.add(FieldError.required(path + ".admissionReviewVersions", "must specify one of v1, v1beta1"));
        } else if (!isSpoken) {
            errors.add(FieldError.invalid(
                    path + ".admissionReviewVersions", versions, "must include at least one of v1, v1beta1"));
        }
        Check.oneOf(webhook, "failurePolicy", path, List.of("Fail", "Ignore"), errors);
        Check.oneOf(webhook, "matchPolicy", path, List.of("Equivalent", "Exact"), errors);
        if (Tree.text(webhook, "sideEffects").isEmpty()) {
            errors.add(FieldError.required(path + ".sideEffects", "must specify one of None, NoneOnDryRun"));
        } else {
            Check.oneOf(webhook, "sideEffects", path, List.of("None", "NoneOnDryRun"), errors);
        }
        int seconds = webhook.path("timeoutSeconds").asInt(DEFAULT_TIMEOUT_SECONDS);
        if (seconds < 1 || seconds > LONGEST_TIMEOUT_SECONDS) {
            errors.add(FieldError.invalid(
                    path + ".timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds"));
        }
        Check.selector(webhook.path("namespaceSelector"), path + ".namespaceSelector", errors);
        Check.selector(webhook.path("objectSelector"), path + ".objectSelector", errors);
        PolicyStrategy.named(webhook, path, "matchConditions", CelKind.BOOL, errors);
        client(webhook.path("clientConfig"), path + ".clientConfig", errors);
        List<ObjectNode> rules = Tree.items(webhook, "rules");
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), path + ".rules[" + i + "]", errors);
        }
    }

    private static void client(JsonNode client, String path, List<FieldError> errors) {
        String url = Tree.text(client, "url");
        boolean hasService = client.path("service").isObject();
        if (url.isEmpty() != hasService) {
            errors.add(FieldError.required(path, "exactly one of url or service is required"));
        } else if (!url.isEmpty() && !url.startsWith("https://")) {
            errors.add(FieldError.invalid(path + ".url", url, "'https' is the only allowed URL scheme"));
        } else if (hasService) {
            Check.required(client.path("service"), "name", path + ".service", errors);
            Check.required(client.path("service"), "namespace", path + ".service", errors);
            Check.port(client.path("service").path("port"), path + ".service.port", errors);
        }
    }

    /** Adds what is wrong with a rule that says which writes are meant. */
    static void rule(ObjectNode rule, String path, List<FieldError> errors) {
        for (String field : List.of("operations", "apiGroups", "apiVersions", "resources")) {
            JsonNode values = rule.path(field);
            if (values.isEmpty()) {
                errors.add(FieldError.required(path + "." + field, ""));
            } else if (values.size() > 1 && holds(values, "*") && !field.equals("resources")) {
                errors.add(FieldError.invalid(
                        path + "." + field, values, "if '*' is present, must not specify other " + field));
            }
        }
        int i = 0;
        for (JsonNode operation : rule.path("operations")) {
            if (!OPERATIONS.contains(operation.asString(""))) {
                errors.add(
                        FieldError.notSupported(path + ".operations[" + i + "]", operation.asString(""), OPERATIONS));
            }
            i++;
        }
        Check.oneOf(rule, "scope", path, List.of("*", "Cluster", "Namespaced"), errors);
    }

    private static boolean holds(JsonNode values, String wanted) {
        for (JsonNode value : values) {
            if (value.asString("").equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void validateUpdate(KubeObject configuration, KubeObject old, List<FieldError> errors) {
        validateCreate(configuration, errors);
    }
}
