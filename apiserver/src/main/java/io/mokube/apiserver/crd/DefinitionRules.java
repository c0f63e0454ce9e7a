package io.mokube.apiserver.crd;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What a CustomResourceDefinition may say; Kubernetes' rules and words. */
final class DefinitionRules {

    private static final Set<String> COLUMN_TYPES =
            new TreeSet<>(Set.of("boolean", "date", "integer", "number", "string"));
    private static final Set<String> COLUMN_FORMATS = new TreeSet<>(
            Set.of("binary", "byte", "date", "date-time", "double", "float", "int32", "int64", "password"));
    private static final List<String> REVIEW_VERSIONS = List.of("v1", "v1beta1");
    private static final String APPROVAL = "api-approved.kubernetes.io";
    private static final int MOST_SELECTABLE = 8;
    private static final int LONGEST_WARNING = 256;

    private final KubeObject definition;
    private final JsonNode spec;
    private final List<FieldError> errors;

    private DefinitionRules(KubeObject definition, List<FieldError> errors) {
        this.definition = definition;
        this.spec = definition.at("spec");
        this.errors = errors;
    }

    /** Adds what is wrong with a new definition, or with a changed one given the old. */
    static void validate(KubeObject definition, @Nullable KubeObject old, List<FieldError> errors) {
        DefinitionRules rules = new DefinitionRules(definition, errors);
        rules.group();
        rules.scope();
        rules.names("spec.names", rules.spec.path("names"), true);
        rules.versions(old);
        rules.conversion();
        rules.storedVersions();
        if (rules.spec.path("preserveUnknownFields").asBoolean(false)) {
            errors.add(FieldError.invalid(
                    "spec.preserveUnknownFields",
                    true,
                    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in"
                            + " spec.versions[*].schema instead"));
        }
        if (old == null) {
            rules.name();
            rules.approval();
        } else {
            rules.immutable(old);
        }
    }

    /** Adds what is wrong with a status. */
    static void validateStatus(KubeObject definition, List<FieldError> errors) {
        DefinitionRules rules = new DefinitionRules(definition, errors);
        rules.names("status.acceptedNames", definition.at("status", "acceptedNames"), false);
        rules.storedVersions();
    }

    private void group() {
        String group = text(spec, "group");
        if (group.isEmpty()) {
            errors.add(FieldError.required("spec.group", ""));
            return;
        }
        NameFormat.dnsSubdomain(group)
                .ifPresentOrElse(wrong -> errors.add(FieldError.invalid("spec.group", group, wrong)), () -> {
                    if (group.indexOf('.') < 0) {
                        errors.add(FieldError.invalid("spec.group", group, "should be a domain with at least one dot"));
                    }
                });
    }

    private void name() {
        String wanted = text(spec.path("names"), "plural") + "." + text(spec, "group");
        if (!definition.name().equals(wanted)) {
            errors.add(FieldError.invalid(
                    "metadata.name", definition.name(), "must be spec.names.plural+\".\"+spec.group"));
        }
    }

    private void scope() {
        String scope = text(spec, "scope");
        if (scope.isEmpty()) {
            errors.add(FieldError.required("spec.scope", ""));
        } else if (!scope.equals("Cluster") && !scope.equals("Namespaced")) {
            errors.add(FieldError.notSupported("spec.scope", scope, List.of("Cluster", "Namespaced")));
        }
    }

    private void names(String path, JsonNode names, boolean required) {
        for (String field : List.of("plural", "singular", "kind", "listKind")) {
            String name = text(names, field);
            if (name.isEmpty()) {
                if (required) {
                    errors.add(FieldError.required(path + "." + field, ""));
                }
                continue;
            }
            boolean mixed = field.equals("kind") || field.equals("listKind");
            NameFormat.dns1035Label(mixed ? name.toLowerCase(Locale.ROOT) : name)
                    .ifPresent(wrong -> errors.add(FieldError.invalid(
                            path + "." + field,
                            name,
                            (mixed ? "may have mixed case, but should otherwise match: " : "") + wrong)));
        }
        for (String field : List.of("shortNames", "categories")) {
            int i = 0;
            for (JsonNode each : names.path(field)) {
                String at = path + "." + field + "[" + i++ + "]";
                NameFormat.dns1035Label(each.asString(""))
                        .ifPresent(wrong -> errors.add(FieldError.invalid(at, each.asString(""), wrong)));
            }
        }
        if (!text(names, "kind").isEmpty() && text(names, "kind").equals(text(names, "listKind"))) {
            errors.add(FieldError.invalid(
                    path + ".listKind", text(names, "listKind"), "kind and listKind may not be the same"));
        }
    }

    private void versions(@Nullable KubeObject old) {
        JsonNode versions = spec.path("versions");
        Set<String> names = new HashSet<>();
        boolean unique = true;
        int storage = 0;
        for (int i = 0; i < versions.size(); i++) {
            JsonNode version = versions.get(i);
            String name = text(version, "name");
            String path = "spec.versions[" + i + "]";
            unique &= names.add(name);
            storage += version.path("storage").asBoolean(false) ? 1 : 0;
            NameFormat.dns1035Label(name)
                    .ifPresent(wrong -> errors.add(FieldError.invalid(path + ".name", name, wrong)));
            version(version, path, old == null ? null : version(old, name));
        }
        if (!unique) {
            errors.add(FieldError.invalid("spec.versions", versions, "must contain unique version names"));
        }
        if (storage != 1) {
            errors.add(FieldError.invalid(
                    "spec.versions", versions, "must have exactly one version marked as storage version"));
        }
    }

    private static @Nullable JsonNode version(KubeObject definition, String name) {
        for (JsonNode version : definition.at("spec", "versions")) {
            if (text(version, "name").equals(name)) {
                return version;
            }
        }
        return null;
    }

    private void version(JsonNode version, String path, @Nullable JsonNode old) {
        JsonNode schema = version.path("schema").path("openAPIV3Schema");
        String schemaPath = path + ".schema.openAPIV3Schema";
        boolean status = version.path("subresources").has("status");
        if (!schema.isObject()) {
            errors.add(FieldError.required(schemaPath, "schemas are required"));
        } else if (old == null
                || !schema.equals(old.path("schema").path("openAPIV3Schema"))
                || status != old.path("subresources").has("status")) {
            int before = errors.size();
            StructuralRules.validate(schema, schemaPath, status, errors);
            if (errors.size() == before) {
                CustomRules.check(StructuralSchema.parse(schema), schemaPath, errors);
            }
        }
        scale(version.path("subresources").path("scale"), path + ".subresources.scale");
        int i = 0;
        for (JsonNode column : version.path("additionalPrinterColumns")) {
            column(column, path + ".additionalPrinterColumns[" + i++ + "]");
        }
        selectable(version, schema, path);
        deprecation(version, path);
    }

    private void scale(JsonNode scale, String path) {
        if (scale.isMissingNode()) {
            return;
        }
        replicas(text(scale, "specReplicasPath"), ".spec.", path + ".specReplicasPath", true);
        replicas(text(scale, "statusReplicasPath"), ".status.", path + ".statusReplicasPath", true);
        String selector = text(scale, "labelSelectorPath");
        if (!selector.isEmpty() && !selector.startsWith(".spec.")) {
            replicas(selector, ".status.", path + ".labelSelectorPath", false);
        }
    }

    private void replicas(String value, String prefix, String path, boolean exact) {
        if (value.isEmpty()) {
            errors.add(FieldError.required(path, ""));
        } else if (value.charAt(0) != '.') {
            errors.add(FieldError.invalid(path, value, "must be a simple json path starting with ."));
        } else if (!value.startsWith(prefix)) {
            errors.add(FieldError.invalid(
                    path,
                    value,
                    exact
                            ? "should be a json path under " + prefix.substring(0, prefix.length() - 1)
                            : "should be a json path under either .spec or .status"));
        }
    }

    private void column(JsonNode column, String path) {
        if (text(column, "name").isEmpty()) {
            errors.add(FieldError.required(path + ".name", ""));
        }
        String type = text(column, "type");
        String types = "must be one of " + String.join(",", COLUMN_TYPES);
        if (type.isEmpty()) {
            errors.add(FieldError.required(path + ".type", types));
        } else if (!COLUMN_TYPES.contains(type)) {
            errors.add(FieldError.invalid(path + ".type", type, types));
        }
        String format = text(column, "format");
        if (!format.isEmpty() && !COLUMN_FORMATS.contains(format)) {
            errors.add(
                    FieldError.invalid(path + ".format", format, "must be one of " + String.join(",", COLUMN_FORMATS)));
        }
        String jsonPath = text(column, "jsonPath");
        if (jsonPath.isEmpty()) {
            errors.add(FieldError.required(path + ".jsonPath", ""));
        } else if (jsonPath.charAt(0) != '.') {
            errors.add(FieldError.invalid(path + ".jsonPath", jsonPath, "must be a simple json path starting with ."));
        } else {
            try {
                JsonPath.parse(jsonPath);
            } catch (IllegalArgumentException e) {
                errors.add(FieldError.invalid(
                        path + ".jsonPath", jsonPath, "must be a valid json path: " + e.getMessage()));
            }
        }
    }

    private void selectable(JsonNode version, JsonNode schema, String path) {
        JsonNode fields = version.path("selectableFields");
        if (fields.size() > MOST_SELECTABLE) {
            errors.add(new FieldError(
                    FieldError.Type.TOO_MANY,
                    path + ".selectableFields",
                    "Too many: " + fields.size() + ": must have at most " + MOST_SELECTABLE + " items"));
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < fields.size(); i++) {
            String jsonPath = text(fields.get(i), "jsonPath");
            String at = path + ".selectableFields[" + i + "].jsonPath";
            if (jsonPath.isEmpty()) {
                errors.add(FieldError.required(at, ""));
            } else if (!seen.add(jsonPath)) {
                errors.add(FieldError.duplicate(at, jsonPath));
            } else if (schema.isObject()) {
                String wrong = selectable(jsonPath, schema);
                if (wrong != null) {
                    errors.add(FieldError.invalid(at, jsonPath, wrong));
                }
            }
        }
    }

    private static @Nullable String selectable(String jsonPath, JsonNode schema) {
        List<String> names;
        try {
            names = jsonPath.charAt(0) == '.' ? JsonPath.parse(jsonPath).fields() : null;
        } catch (IllegalArgumentException e) {
            return "is an invalid path: " + e.getMessage();
        }
        if (names == null || names.isEmpty()) {
            return "is an invalid path: expected [ or . but got: " + jsonPath;
        }
        if (names.getFirst().equals("metadata")) {
            return "must not point to fields in metadata";
        }
        JsonNode node = schema;
        for (String name : names) {
            node = node.path("properties").path(name);
        }
        if (node.isMissingNode()) {
            return "is an invalid path: does not refer to a valid field";
        }
        return Set.of("string", "boolean", "integer").contains(text(node, "type"))
                ? null
                : "must point to a field of type string, boolean or integer. Enum string fields and strings with"
                        + " formats are allowed.";
    }

    private void deprecation(JsonNode version, String path) {
        JsonNode warning = version.path("deprecationWarning");
        if (warning.isMissingNode()) {
            return;
        }
        String text = warning.asString("");
        if (!version.path("deprecated").asBoolean(false)) {
            errors.add(
                    FieldError.invalid(path + ".deprecationWarning", text, "can only be set for deprecated versions"));
        }
        if (text.length() > LONGEST_WARNING) {
            errors.add(FieldError.invalid(
                    path + ".deprecationWarning", text, "must be <= " + LONGEST_WARNING + " characters long"));
        }
        if (text.isEmpty()) {
            errors.add(FieldError.invalid(path + ".deprecationWarning", text, "must not be an empty string"));
        }
        if (text.chars().anyMatch(c -> c < ' ')) {
            errors.add(FieldError.invalid(
                    path + ".deprecationWarning", text, "must only contain printable UTF-8 characters"));
        }
    }

    private void conversion() {
        JsonNode conversion = spec.path("conversion");
        String strategy = text(conversion, "strategy");
        JsonNode webhook = conversion.path("webhook");
        switch (strategy) {
            case "None" -> {
                if (webhook.isObject()) {
                    errors.add(FieldError.forbidden(
                            "spec.conversion.webhook", "should not be set when strategy is not set to Webhook"));
                }
            }
            case "Webhook" -> webhook(webhook);
            case "" -> errors.add(FieldError.required("spec.conversion.strategy", ""));
            default ->
                errors.add(FieldError.notSupported("spec.conversion.strategy", strategy, List.of("None", "Webhook")));
        }
    }

    private void webhook(JsonNode webhook) {
        String path = "spec.conversion.webhook";
        JsonNode client = webhook.path("clientConfig");
        if (!client.isObject()) {
            errors.add(FieldError.required(
                    "spec.conversion.webhookClientConfig",
                    "required when strategy is set to Webhook, but not allowed if it's None"));
            return;
        }
        boolean hasUrl = client.has("url");
        boolean hasService = client.has("service");
        if (hasUrl == hasService) {
            errors.add(FieldError.required(
                    "spec.conversion.webhookClientConfig", "exactly one of url or service is required"));
        } else if (hasUrl) {
            url(text(client, "url"), path + ".clientConfig.url");
        } else {
            JsonNode service = client.path("service");
            for (String field : List.of("name", "namespace")) {
                if (text(service, field).isEmpty()) {
                    errors.add(FieldError.required(
                            path + ".clientConfig.service." + field, "service " + field + " is required"));
                }
            }
            long port = service.path("port").asLong(443);
            if (port < 1 || port > 65535) {
                errors.add(FieldError.invalid(
                        path + ".clientConfig.service.port",
                        port,
                        "port is not valid: must be between 1 and 65535, inclusive"));
            }
        }
        JsonNode versions = webhook.path("conversionReviewVersions");
        if (versions.isEmpty()) {
            errors.add(FieldError.required("spec.conversion.conversionReviewVersions", ""));
            return;
        }
        boolean known = false;
        for (JsonNode version : versions) {
            known |= REVIEW_VERSIONS.contains(version.asString(""));
        }
        if (!known) {
            errors.add(FieldError.invalid(
                    "spec.conversion.conversionReviewVersions",
                    versions,
                    "must include at least one of " + String.join(", ", REVIEW_VERSIONS)));
        }
    }

    private void url(String url, String path) {
        try {
            URI uri = new URI(url);
            if (!"https".equals(uri.getScheme())) {
                errors.add(FieldError.invalid(
                        path,
                        Objects.requireNonNullElse(uri.getScheme(), ""),
                        "'https' is the only allowed URL scheme"));
            }
            if (uri.getHost() == null) {
                errors.add(FieldError.invalid(path, "", "host must be specified"));
            }
            if (uri.getUserInfo() != null) {
                errors.add(FieldError.invalid(path, uri.getUserInfo(), "user information is not permitted in the URL"));
            }
            if (uri.getFragment() != null) {
                errors.add(FieldError.invalid(path, uri.getFragment(), "fragments are not permitted in the URL"));
            }
            if (uri.getQuery() != null) {
                errors.add(FieldError.invalid(path, uri.getQuery(), "query parameters are not permitted in the URL"));
            }
        } catch (URISyntaxException e) {
            errors.add(FieldError.required(path, "url must be a valid URL: " + e.getMessage()));
        }
    }

    private void storedVersions() {
        JsonNode stored = definition.at("status", "storedVersions");
        if (stored.isEmpty()) {
            errors.add(FieldError.invalid("status.storedVersions", stored, "must have at least one stored version"));
            return;
        }
        List<String> given = new ArrayList<>();
        for (JsonNode version : spec.path("versions")) {
            given.add(text(version, "name"));
            boolean isStored = false;
            for (JsonNode each : stored) {
                isStored |= each.asString("").equals(text(version, "name"));
            }
            if (version.path("storage").asBoolean(false) && !isStored) {
                errors.add(FieldError.invalid(
                        "status.storedVersions", stored, "must have the storage version " + text(version, "name")));
            }
        }
        for (int i = 0; i < stored.size(); i++) {
            if (!given.contains(stored.get(i).asString(""))) {
                errors.add(FieldError.invalid(
                        "status.storedVersions[" + i + "]",
                        stored.get(i).asString(""),
                        "missing from spec.versions; "
                                + stored.get(i).asString("")
                                + " was previously a storage version, and must remain in spec.versions until a storage"
                                + " migration ensures no data remains persisted in "
                                + stored.get(i).asString("")
                                + " and removes " + stored.get(i).asString("") + " from status.storedVersions"));
            }
        }
    }

    private void immutable(KubeObject old) {
        boolean established = DefinitionStatus.isTrue(old, "Established");
        if (established) {
            immutable("scope", spec.path("scope"), old.at("spec", "scope"));
            immutable("names.kind", spec.path("names").path("kind"), old.at("spec", "names", "kind"));
        }
        immutable("group", spec.path("group"), old.at("spec", "group"));
        immutable("names.plural", spec.path("names").path("plural"), old.at("spec", "names", "plural"));
    }

    private void immutable(String field, JsonNode now, JsonNode before) {
        if (!now.equals(before)) {
            errors.add(FieldError.invalid("spec." + field, now.asString(""), "field is immutable"));
        }
    }

    /** Groups of the Kubernetes project want a word of who approved them. */
    private void approval() {
        String group = text(spec, "group");
        if (!isProtected(group)) {
            return;
        }
        String approval = definition.annotations().getOrDefault(APPROVAL, "");
        String path = "metadata.annotations[" + APPROVAL + "]";
        String where = "see https://github.com/kubernetes/enhancements/pull/1111";
        if (approval.isEmpty()) {
            errors.add(FieldError.required(
                    path, "protected groups must have approval annotation \"" + APPROVAL + "\", " + where));
        } else if (!approval.startsWith("unapproved") && !isUrl(approval)) {
            errors.add(FieldError.invalid(
                    path,
                    approval,
                    "protected groups must have approval annotation \"" + APPROVAL
                            + "\" with either a URL or a reason starting with \"unapproved\", " + where));
        }
    }

    static boolean isProtected(String group) {
        return group.equals("k8s.io")
                || group.endsWith(".k8s.io")
                || group.equals("kubernetes.io")
                || group.endsWith(".kubernetes.io");
    }

    private static boolean isUrl(String text) {
        try {
            URI uri = new URI(text);
            return uri.getScheme() != null && uri.getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asString("");
    }
}
