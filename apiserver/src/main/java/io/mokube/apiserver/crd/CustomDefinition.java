package io.mokube.apiserver.crd;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ScalePaths;
import io.mokube.apiserver.resources.ServedVersion;
import io.mokube.apiserver.resources.Subresource;
import io.mokube.apiserver.resources.VersionOrder;
import io.mokube.apiserver.webhook.WebhookClient;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes the resource definition that a CustomResourceDefinition describes. Schemas are only read when they are needed. */
final class CustomDefinition {

    private static final Set<String> VERBS =
            Set.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");
    private static final Set<String> VERBS_WHILE_ENDING =
            Set.of("delete", "deletecollection", "get", "list", "patch", "update", "watch");
    private static final Set<String> READ_AND_WRITE = Set.of("get", "patch", "update");
    private static final GroupVersionKind SCALE = new GroupVersionKind("autoscaling", "v1", "Scale");

    private final KubeObject definition;
    private final byte[] bytes;
    private final String group;
    private final String kind;
    private final Versions versions;
    private final List<String> selectable;

    private CustomDefinition(KubeObject definition, WebhookClient webhooks) {
        this.definition = definition;
        this.bytes = definition.toBytes();
        this.group = definition.at("spec", "group").asString("");
        this.kind = definition.at("status", "acceptedNames", "kind").asString("");
        Map<String, Lazy<CustomForm>> forms = new HashMap<>();
        Set<JsonNode> schemas = new LinkedHashSet<>();
        Set<String> fields = new LinkedHashSet<>();
        String storage = "";
        for (JsonNode version : definition.at("spec", "versions")) {
            String name = text(version, "name");
            storage = version.path("storage").asBoolean(false) ? name : storage;
            forms.put(name, new Lazy<>(() -> new CustomForm(schema(name))));
            schemas.add(version.path("schema").path("openAPIV3Schema"));
            version.path("selectableFields").forEach(each -> fields.add(text(each, "jsonPath")));
        }
        JsonNode conversion = definition.at("spec", "conversion");
        Versions.Converter converter = text(conversion, "strategy").equals("Webhook")
                ? new ConversionWebhook(webhooks, conversion.path("webhook"), kind + "." + group)
                : Versions.Converter.RENAMING;
        this.versions = new Versions(group, kind, storage, schemas.size() == 1, converter, forms);
        this.selectable = List.copyOf(fields);
    }

    /** @param definition with accepted names */
    static ResourceDefinition of(KubeObject definition, WebhookClient webhooks) {
        return new CustomDefinition(definition, webhooks).build();
    }

    private ResourceDefinition build() {
        JsonNode names = definition.at("status", "acceptedNames");
        List<ServedVersion> served = new ArrayList<>();
        String storage = "";
        List<JsonNode> given = new ArrayList<>();
        definition.at("spec", "versions").forEach(given::add);
        given.sort(Comparator.comparing(each -> text(each, "name"), VersionOrder.PREFERRED_FIRST));
        for (JsonNode version : given) {
            if (version.path("served").asBoolean(false)) {
                served.add(version(version));
            }
            storage = version.path("storage").asBoolean(false) ? text(version, "name") : storage;
        }
        String plural = text(names, "plural");
        boolean ending = definition.isBeingDeleted();
        // What the cache looks at does not depend on a version.
        CustomStrategy strategy = new CustomStrategy(versions, storage, true, ScalePaths.STANDARD, selectable);
        return new ResourceDefinition(
                group,
                plural,
                text(names, "singular"),
                kind,
                text(names, "listKind"),
                texts(names.path("shortNames")),
                texts(names.path("categories")),
                definition.at("spec", "scope").asString("").equals("Namespaced"),
                ending ? VERBS_WHILE_ENDING : VERBS,
                List.of(),
                served,
                storage,
                new GroupResource(group, plural),
                strategy);
    }

    private ServedVersion version(JsonNode version) {
        String name = text(version, "name");
        GroupVersionKind served = new GroupVersionKind(group, name, kind);
        JsonNode subresources = version.path("subresources");
        boolean status = subresources.has("status");
        List<Subresource> below = new ArrayList<>();
        if (status) {
            below.add(new Subresource("status", served, READ_AND_WRITE));
        }
        JsonNode scale = subresources.path("scale");
        if (scale.isObject()) {
            below.add(new Subresource("scale", SCALE, READ_AND_WRITE));
        }
        CustomStrategy strategy = new CustomStrategy(
                versions,
                name,
                status,
                scale.isObject() ? scalePaths(scale) : ScalePaths.STANDARD,
                selectable(version));
        return new ServedVersion(
                name,
                () -> versions.form(name).shape(),
                new CustomTable(version.path("additionalPrinterColumns")),
                new CustomConversion(versions, name),
                new ServedVersion.Custom(strategy, below, () -> openApi(served), deprecation(version)));
    }

    private static List<String> selectable(JsonNode version) {
        List<String> paths = new ArrayList<>();
        version.path("selectableFields").forEach(each -> paths.add(text(each, "jsonPath")));
        return paths;
    }

    private static ScalePaths scalePaths(JsonNode scale) {
        String selector = text(scale, "labelSelectorPath");
        return new ScalePaths(
                fields(text(scale, "specReplicasPath")),
                fields(text(scale, "statusReplicasPath")),
                selector.isEmpty() ? List.of() : fields(selector));
    }

    private static List<String> fields(String path) {
        return Objects.requireNonNullElse(JsonPath.parse(path).fields(), List.of());
    }

    private ObjectNode openApi(GroupVersionKind served) {
        return SchemaForms.openApi(schema(served.version()), served);
    }

    /** Read anew: schemas are large, and most of them are asked for once, or never. */
    private JsonNode schema(String version) {
        Function<JsonNode, JsonNode> schema = each -> each.path("schema").path("openAPIV3Schema");
        for (JsonNode each : KubeObject.parse(bytes).at("spec", "versions")) {
            if (text(each, "name").equals(version)) {
                return schema.apply(each);
            }
        }
        throw new IllegalStateException("no version " + version);
    }

    private String deprecation(JsonNode version) {
        if (!version.path("deprecated").asBoolean(false)) {
            return "";
        }
        String given = text(version, "deprecationWarning");
        if (!given.isEmpty()) {
            return given;
        }
        String sentence = group + "/" + text(version, "name") + " " + kind + " is deprecated";
        return definition
                .at("spec", "versions")
                .valueStream()
                .filter(each -> each.path("served").asBoolean(false)
                        && !each.path("deprecated").asBoolean(false)
                        && VersionOrder.PREFERRED_FIRST.compare(text(each, "name"), text(version, "name")) < 0)
                .map(each -> text(each, "name"))
                .min(VersionOrder.PREFERRED_FIRST)
                .map(better -> sentence + "; use " + group + "/" + better + " " + kind)
                .orElse(sentence);
    }

    private static List<String> texts(JsonNode nodes) {
        List<String> texts = new ArrayList<>();
        nodes.forEach(each -> texts.add(each.asString("")));
        return texts;
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asString("");
    }
}
