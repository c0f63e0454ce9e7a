package io.mokube.apiserver.aggregation;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Whether a service serves its group version, and the words for it.
 *
 * @param available whether requests are passed on
 */
record Availability(boolean available, String reason, String message) {

    static final Availability LOCAL = new Availability(true, "Local", "Local APIServices are always available");
    static final Availability PASSED = new Availability(true, "Passed", "all checks passed");

    static Availability failed(String message) {
        return new Availability(false, "FailedDiscoveryCheck", message);
    }

    /** What is wrong with the service itself; nothing when it is worth asking. */
    static Optional<Availability> ofService(RemoteVersion version, ClusterReader cluster) {
        String name = "service/" + version.service() + " in \"" + version.namespace() + "\"";
        Optional<KubeObject> service =
                cluster.get(new GroupResource("", "services"), new ObjectKey(version.namespace(), version.service()));
        if (service.isEmpty()) {
            return missing("ServiceNotFound", name + " is not present");
        }
        if (!service.get().at("spec", "type").asString("ClusterIP").equals("ClusterIP")) {
            return Optional.empty();
        }
        Optional<String> port = portName(service.get(), version.port());
        if (port.isEmpty()) {
            return missing("ServicePortError", name + " is not listening on port " + version.port());
        }
        List<KubeObject> slices =
                cluster.list(new GroupResource("discovery.k8s.io", "endpointslices"), version.namespace()).stream()
                        .filter(slice -> version.service().equals(slice.labels().get("kubernetes.io/service-name")))
                        .toList();
        if (slices.isEmpty()) {
            return missing("EndpointsNotFound", "cannot find endpointslices for " + name);
        }
        return slices.stream().anyMatch(slice -> isReady(slice, port.get()))
                ? Optional.empty()
                : missing(
                        "MissingEndpoints",
                        "endpointslices for " + name + " have no addresses with port name \"" + port.get() + "\"");
    }

    private static Optional<Availability> missing(String reason, String message) {
        return Optional.of(new Availability(false, reason, message));
    }

    private static Optional<String> portName(KubeObject service, int port) {
        for (JsonNode each : service.at("spec", "ports")) {
            if (each.path("port").asInt(0) == port) {
                return Optional.of(each.path("name").asString(""));
            }
        }
        return Optional.empty();
    }

    private static boolean isReady(KubeObject slice, String portName) {
        boolean ready = false;
        for (JsonNode endpoint : slice.at("endpoints")) {
            ready |= endpoint.path("conditions").path("ready").asBoolean(true);
        }
        boolean named = false;
        for (JsonNode port : slice.at("ports")) {
            named |= port.path("name").asString("").equals(portName) && port.has("port");
        }
        return ready && named;
    }
}
