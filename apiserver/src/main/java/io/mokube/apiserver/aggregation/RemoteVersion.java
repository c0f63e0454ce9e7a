package io.mokube.apiserver.aggregation;

import io.mokube.apiserver.webhook.HttpsClients.Trust;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.KubeObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A group version that a service of the cluster serves.
 *
 * @param name of its APIService
 * @param groupPriority of its group in discovery; the highest of its versions counts
 * @param versionPriority of the version in its group
 * @param namespace of the service
 * @param service its name
 * @param trust whom to take for the service
 * @param optional whether clients are better off not to hear of it while nobody serves it: otherwise they hear that something
 *     is missing, and those that must see everything, such as the deletion of namespaces, wait
 */
record RemoteVersion(
        String name,
        GroupVersion groupVersion,
        int groupPriority,
        int versionPriority,
        String namespace,
        String service,
        int port,
        Trust trust,
        boolean optional) {

    /** A label of APIServices, with the value {@code true}. */
    private static final String OPTIONAL = "mokube.io/optional";

    private static final int HTTPS = 443;

    /**
     * Reads an APIService; nothing for one that this server serves itself.
     *
     * @throws IllegalArgumentException when its caBundle can't be read
     */
    static Optional<RemoteVersion> of(KubeObject apiService) {
        JsonNode spec = apiService.at("spec");
        JsonNode service = spec.path("service");
        if (!service.isObject()) {
            return Optional.empty();
        }
        String namespace = service.path("namespace").asString("");
        String name = service.path("name").asString("");
        String bundle = spec.path("caBundle").asString("");
        Trust trust = spec.path("insecureSkipTLSVerify").asBoolean(false)
                ? new Trust.Anybody()
                : new Trust.Verified(
                        new String(Base64.getMimeDecoder().decode(bundle), StandardCharsets.US_ASCII),
                        name + "." + namespace + ".svc");
        return Optional.of(new RemoteVersion(
                apiService.name(),
                new GroupVersion(
                        spec.path("group").asString(""), spec.path("version").asString("")),
                spec.path("groupPriorityMinimum").asInt(0),
                spec.path("versionPriority").asInt(0),
                namespace,
                name,
                service.path("port").asInt(HTTPS),
                trust,
                "true".equals(apiService.labels().get(OPTIONAL))));
    }
}
