package io.mokube.apiserver.discovery;

import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.component.Release;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.Json;
import tools.jackson.databind.node.ObjectNode;

/** Writes the OpenAPI 3 document of one group version. */
final class OpenApiV3 {

    private OpenApiV3() {}

    static ObjectNode write(ResourceRegistry registry, GroupVersion groupVersion) {
        OpenApiDefinitions definitions = new OpenApiDefinitions(OpenApiDialect.V3);
        OpenApiPaths paths = new OpenApiPaths(OpenApiDialect.V3, definitions);
        definitions.addShared(groupVersion);
        registry.inGroupVersion(groupVersion).forEach(paths::add);
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("openapi", "3.0.0");
        root.putObject("info").put("title", "Kubernetes").put("version", Release.GIT_VERSION);
        root.set("paths", paths.write());
        ObjectNode components = root.putObject("components");
        components.set("schemas", definitions.write());
        components
                .putObject("securitySchemes")
                .putObject("BearerToken")
                .put("type", "apiKey")
                .put("description", "A token: Bearer and the token itself.")
                .put("name", "authorization")
                .put("in", "header");
        return root;
    }
}
