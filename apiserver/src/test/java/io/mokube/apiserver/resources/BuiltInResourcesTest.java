package io.mokube.apiserver.resources;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.GroupVersionResource;
import org.junit.jupiter.api.Test;

class BuiltInResourcesTest {

    @Test
    void everyServedVersionHasASchemaWithMetadata() {
        for (ResourceDefinition definition : BuiltInResources.all()) {
            for (ServedVersion version : definition.versions()) {
                Schema schema = version.schema().get().resolved();
                assertThat(schema)
                        .as(definition.groupResource() + " " + version.name())
                        .isInstanceOf(ObjectSchema.class);
                assertThat(((ObjectSchema) schema).properties()).containsKeys("apiVersion", "kind", "metadata");
            }
        }
    }

    @Test
    void everyListKindHasASchema() {
        for (ResourceDefinition definition : BuiltInResources.all()) {
            if (definition.verbs().contains("list")) {
                GroupVersionKind list = new GroupVersionKind(
                        definition.group(), definition.versions().getFirst().name(), definition.listKind());
                assertThat(BuiltInSchemas.lean().find(BuiltInSchemas.definitionName(list)))
                        .as(list.toString())
                        .isPresent();
            }
        }
    }

    @Test
    void podsAreFoundByResourceAndKind() {
        ResourceRegistry registry = ResourceRegistry.ofBuiltIns();

        assertThat(registry.find(new GroupVersionResource("", "v1", "pods")))
                .hasValueSatisfying(
                        served -> assertThat(served.kind()).isEqualTo(new GroupVersionKind("", "v1", "Pod")));
        assertThat(registry.find(new GroupVersionKind("apps", "v1", "Deployment")))
                .hasValueSatisfying(
                        served -> assertThat(served.definition().plural()).isEqualTo("deployments"));
        assertThat(registry.find(new GroupVersionResource("apps", "v1beta1", "deployments")))
                .isEmpty();
    }
}
