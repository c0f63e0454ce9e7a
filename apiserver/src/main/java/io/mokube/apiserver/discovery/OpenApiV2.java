package io.mokube.apiserver.discovery;

import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.machinery.component.Release;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.Json;
import tools.jackson.databind.node.ObjectNode;

/** Writes the OpenAPI 2 document, which is one for all that is served. */
final class OpenApiV2 {

    private OpenApiV2() {}

    static ObjectNode write(ResourceRegistry registry) {
        OpenApiDefinitions definitions = new OpenApiDefinitions(OpenApiDialect.V2);
        OpenApiPaths paths = new OpenApiPaths(OpenApiDialect.V2, definitions);
        for (GroupVersion groupVersion : registry.groupVersions()) {
            definitions.addShared(groupVersion);
            registry.inGroupVersion(groupVersion).forEach(paths::add);
        }
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("swagger", "2.0");
        root.putObject("info").put("title", "Kubernetes").put("version", Release.GIT_VERSION);
        root.set("paths", paths.write());
        root.set("definitions", definitions.write());
        root.putObject("securityDefinitions")
                .putObject("BearerToken")
                .put("type", "apiKey")
                .put("description", "A token: Bearer and the token itself.")
                .put("name", "authorization")
                .put("in", "header");
        root.putArray("security").addObject().putArray("BearerToken");
        return root;
    }
}
