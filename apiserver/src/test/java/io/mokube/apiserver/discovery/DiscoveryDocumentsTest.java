package io.mokube.apiserver.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.mokube.apiserver.discovery.DiscoveryDocuments.AggregatedVersion;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class DiscoveryDocumentsTest {

    private final ResourceRegistry registry = ResourceRegistry.ofBuiltIns();
    private final DiscoveryDocuments documents = new DiscoveryDocuments(registry);

    @Test
    void theCoreGroupListsItsVersion() {
        JsonNode versions = read(documents.coreVersions("10.0.0.1:6443"));

        assertThat(versions.at("/kind").stringValue()).isEqualTo("APIVersions");
        assertThat(versions.at("/versions/0").stringValue()).isEqualTo("v1");
        assertThat(versions.at("/serverAddressByClientCIDRs/0/serverAddress").stringValue())
                .isEqualTo("10.0.0.1:6443");
    }

    @Test
    void groupsAreListedWithTheirPreferredVersionFirst() {
        JsonNode groups = read(documents.groups());

        List<String> names = new ArrayList<>();
        groups.path("groups").forEach(group -> names.add(group.path("name").stringValue()));
        assertThat(names)
                .startsWith("apiregistration.k8s.io", "apps", "events.k8s.io")
                .contains("resource.k8s.io", "flowcontrol.apiserver.k8s.io")
                .hasSize(21);
        JsonNode autoscaling = read(documents.group("autoscaling").orElseThrow());
        assertThat(autoscaling.at("/preferredVersion/groupVersion").stringValue())
                .isEqualTo("autoscaling/v2");
        assertThat(documents.group("nothing.example.com")).isEmpty();
    }

    @Test
    void aResourceListNamesVerbsShortNamesAndSubresources() {
        JsonNode core = read(documents.resources(new GroupVersion("", "v1")).orElseThrow());

        assertThat(named(core.path("resources"), "name", "pods"))
                .hasToString(
                        "{\"name\":\"pods\",\"singularName\":\"pod\",\"namespaced\":true,\"kind\":\"Pod\",\"verbs\":"
                                + "[\"create\",\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\",\"update\",\"watch\"],"
                                + "\"shortNames\":[\"po\"],\"categories\":[\"all\"],\"storageVersionHash\":\"xPOwRZ+Yhw8=\"}");
        assertThat(named(core.path("resources"), "name", "pods/eviction"))
                .hasToString(
                        "{\"name\":\"pods/eviction\",\"singularName\":\"\",\"namespaced\":true,\"group\":\"policy\","
                                + "\"version\":\"v1\",\"kind\":\"Eviction\",\"verbs\":[\"create\"]}");
        JsonNode apps = read(documents.resources(new GroupVersion("apps", "v1")).orElseThrow());
        assertThat(apps.path("groupVersion").stringValue()).isEqualTo("apps/v1");
        assertThat(named(apps.path("resources"), "name", "deployments/scale"))
                .hasToString(
                        "{\"name\":\"deployments/scale\",\"singularName\":\"\",\"namespaced\":true,\"group\":"
                                + "\"autoscaling\",\"version\":\"v1\",\"kind\":\"Scale\",\"verbs\":[\"get\",\"patch\",\"update\"]}");
        assertThat(documents.resources(new GroupVersion("apps", "v1beta1"))).isEmpty();
    }

    @Test
    void aggregatedDiscoveryHoldsEverything() {
        JsonNode core = read(documents.aggregatedCore(AggregatedVersion.V2));
        JsonNode others = read(documents.aggregatedGroups(AggregatedVersion.V2BETA1));

        assertThat(core.path("apiVersion").stringValue()).isEqualTo("apidiscovery.k8s.io/v2");
        assertThat(core.path("items").size()).isEqualTo(1);
        JsonNode nodes = named(core.at("/items/0/versions/0/resources"), "resource", "nodes");
        assertThat(nodes.path("scope").stringValue()).isEqualTo("Cluster");
        assertThat(nodes.at("/responseKind/kind").stringValue()).isEqualTo("Node");
        assertThat(nodes.at("/responseKind/version").stringValue()).isEmpty();
        assertThat(nodes.at("/subresources/1/subresource").stringValue()).isEqualTo("status");
        assertThat(named(others.at("/items/1/versions/0/resources"), "resource", "deployments")
                        .at("/subresources/0/responseKind"))
                .hasToString("{\"group\":\"autoscaling\",\"version\":\"v1\",\"kind\":\"Scale\"}");
        assertThat(others.path("apiVersion").stringValue()).isEqualTo("apidiscovery.k8s.io/v2beta1");
        assertThat(others.path("items").size()).isEqualTo(21);
        assertThat(others.at("/items/1/metadata/name").stringValue()).isEqualTo("apps");
        assertThat(others.at("/items/1/versions/0/freshness").stringValue()).isEqualTo("Current");
    }

    @Test
    void theVersionIsOneThatClientsRead() {
        JsonNode version = read(documents.version());

        assertThat(version.path("major").stringValue()).isEqualTo("1");
        assertThat(version.path("minor").stringValue()).isEqualTo("36");
        assertThat(version.path("gitVersion").stringValue()).matches("v1\\.36\\.\\d+\\+mokube\\.\\d+\\.\\d+\\.\\d+");
    }

    @Test
    void theOpenApiIndexCarriesEachDocumentsHash() {
        JsonNode index = read(documents.openApiIndex());
        Document apps = documents.openApi(new GroupVersion("apps", "v1")).orElseThrow();

        assertThat(index.path("paths")
                        .path("apis/apps/v1")
                        .path("serverRelativeURL")
                        .stringValue())
                .isEqualTo("/openapi/v3/apis/apps/v1?hash=" + apps.hash());
        assertThat(index.path("paths").has("api/v1")).isTrue();
    }

    @Test
    void openApiTellsKubectlWhatItLooksUp() {
        JsonNode core = read(documents.openApi(new GroupVersion("", "v1")).orElseThrow());
        JsonNode patch = core.path("paths")
                .path("/api/v1/namespaces/{namespace}/pods/{name}")
                .path("patch");

        assertThat(patch.path("x-kubernetes-group-version-kind"))
                .hasToString("{\"group\":\"\",\"kind\":\"Pod\",\"version\":\"v1\"}");
        assertThat(patch.at("/requestBody/content").propertyNames())
                .contains("application/strategic-merge-patch+json", "application/apply-patch+yaml");
        List<String> parameters = new ArrayList<>();
        patch.path("parameters")
                .forEach(each -> parameters.add(each.path("name").stringValue()));
        assertThat(parameters).containsExactly("dryRun", "fieldManager", "fieldValidation", "force");
        assertThat(core.path("paths")
                        .path("/api/v1/pods")
                        .at("/get/x-kubernetes-action")
                        .stringValue())
                .isEqualTo("list");

        JsonNode schemas = core.at("/components/schemas");
        assertThat(schemas.path("io.k8s.api.core.v1.Pod").path("x-kubernetes-group-version-kind"))
                .hasToString("[{\"group\":\"\",\"kind\":\"Pod\",\"version\":\"v1\"}]");
        JsonNode containers = schemas.path("io.k8s.api.core.v1.PodSpec").at("/properties/containers");
        assertThat(containers.path("x-kubernetes-patch-merge-key").stringValue())
                .isEqualTo("name");
        assertThat(containers.path("x-kubernetes-patch-strategy").stringValue()).isEqualTo("merge");
        assertThat(containers.path("x-kubernetes-list-map-keys")).hasToString("[\"name\"]");
        assertThat(containers.path("description").stringValue()).startsWith("List of containers");
    }

    @Test
    void everyReferenceInOpenApiHasItsDefinition() {
        for (GroupVersion groupVersion : registry.groupVersions()) {
            JsonNode document = read(documents.openApi(groupVersion).orElseThrow());
            JsonNode schemas = document.at("/components/schemas");
            for (JsonNode reference : document.findValues("$ref")) {
                // A JSON schema has a field of this name too.
                if (reference.isString()) {
                    String name = reference.stringValue().substring("#/components/schemas/".length());
                    assertThat(schemas.has(name)).as(name).isTrue();
                }
            }
        }
    }

    @Test
    void everyReferenceInOpenApi2HasItsDefinition() {
        JsonNode document = read(documents.openApiV2());
        JsonNode definitions = document.path("definitions");
        for (JsonNode reference : document.findValues("$ref")) {
            if (reference.isString()) {
                String name = reference.stringValue().substring("#/definitions/".length());
                assertThat(definitions.has(name)).as(name).isTrue();
            }
        }
        assertThat(definitions.findValues("allOf")).noneMatch(JsonNode::isArray);
        assertThat(definitions.findValues("nullable")).noneMatch(JsonNode::isBoolean);
    }

    @Test
    void openApi2TellsOlderKubectlWhatItLooksUp() {
        JsonNode document = read(documents.openApiV2());

        JsonNode strategy = document.path("definitions")
                .path("io.k8s.api.apps.v1.DeploymentSpec")
                .at("/properties/strategy");
        assertThat(strategy.path("$ref").stringValue())
                .isEqualTo("#/definitions/io.k8s.api.apps.v1.DeploymentStrategy");
        assertThat(strategy.path("x-kubernetes-patch-strategy").stringValue()).isEqualTo("retainKeys");
        assertThat(strategy.path("description").stringValue()).isNotEmpty();
        JsonNode patch = document.path("paths")
                .path("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
                .path("patch");
        assertThat(patch.path("x-kubernetes-group-version-kind"))
                .hasToString("{\"group\":\"apps\",\"kind\":\"Deployment\",\"version\":\"v1\"}");
        assertThat(patch.path("consumes").valueStream().map(JsonNode::stringValue))
                .contains("application/apply-patch+yaml", "application/strategic-merge-patch+json");
        assertThat(patch.path("parameters")
                        .valueStream()
                        .map(each -> each.path("name").stringValue()))
                .containsExactly("body", "dryRun", "fieldManager", "fieldValidation", "force");
        assertThat(patch.at("/parameters/3"))
                .hasToString(
                        "{\"name\":\"fieldValidation\",\"in\":\"query\",\"description\":\"What happens to unknown and"
                                + " duplicate fields: Strict refuses them, Warn (the default) warns, Ignore drops them.\","
                                + "\"type\":\"string\",\"uniqueItems\":true}");
    }

    /** The numbers are those of the messages Document, Definitions, NamedSchema and Schema. */
    @Test
    void openApi2InProtobufHoldsTheSameDefinitions() throws Exception {
        JsonNode definitions = read(documents.openApiV2()).path("definitions");
        UnknownFieldSet document =
                UnknownFieldSet.parseFrom(documents.openApiV2Protobuf().body());

        Map<String, UnknownFieldSet> schemas = new LinkedHashMap<>();
        for (UnknownFieldSet named : messages(messages(document, 9).getFirst(), 1)) {
            schemas.put(text(named, 1), messages(named, 2).getFirst());
        }
        assertThat(schemas.keySet()).containsExactlyElementsOf(definitions.propertyNames());
        UnknownFieldSet port = Objects.requireNonNull(schemas.get("io.k8s.api.core.v1.ContainerPort"));
        assertThat(text(port, 4)).isEqualTo("ContainerPort represents a network port in a single container.");
        assertThat(text(port, 19)).isEqualTo("containerPort");
        assertThat(text(messages(port, 22).getFirst(), 1)).isEqualTo("object");
        UnknownFieldSet protocol = messages(messages(port, 25).getFirst(), 1).stream()
                .filter(each -> text(each, 1).equals("protocol"))
                .findFirst()
                .orElseThrow();
        UnknownFieldSet schema = messages(protocol, 2).getFirst();
        assertThat(text(messages(schema, 5).getFirst(), 2)).isEqualTo("\"TCP\"");
        assertThat(messages(schema, 20).stream().map(value -> text(value, 2)))
                .containsExactly("\"SCTP\"", "\"TCP\"", "\"UDP\"");
        UnknownFieldSet extension = messages(Objects.requireNonNull(schemas.get("io.k8s.api.core.v1.Pod")), 31)
                .getFirst();
        assertThat(text(extension, 1)).isEqualTo("x-kubernetes-group-version-kind");
        assertThat(text(messages(extension, 2).getFirst(), 2))
                .isEqualTo("[{\"group\":\"\",\"kind\":\"Pod\",\"version\":\"v1\"}]");
    }

    private static List<UnknownFieldSet> messages(UnknownFieldSet message, int field) throws IOException {
        List<UnknownFieldSet> messages = new ArrayList<>();
        for (ByteString bytes : message.getField(field).getLengthDelimitedList()) {
            messages.add(UnknownFieldSet.parseFrom(bytes));
        }
        return messages;
    }

    private static String text(UnknownFieldSet message, int field) {
        return message.getField(field).getLengthDelimitedList().getFirst().toStringUtf8();
    }

    @Test
    void documentsFollowTheRegistry() {
        Document before = documents.groups();
        assertThat(documents.groups()).isSameAs(before);

        registry.remove(new GroupResource("policy", "poddisruptionbudgets"));

        assertThat(documents.groups().hash()).isNotEqualTo(before.hash());
        assertThat(documents.group("policy")).isEmpty();
    }

    private static JsonNode named(JsonNode list, String field, String name) {
        for (JsonNode each : list) {
            if (each.path(field).stringValue().equals(name)) {
                return each;
            }
        }
        throw new AssertionError(name + " is not in " + Map.of(field, list));
    }

    private static JsonNode read(Document document) {
        return Json.MAPPER.readTree(document.body());
    }
}
