package io.mokube.apiserver.registry;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.webhook.ServiceRoute;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Finds a service's endpoints in the cluster's state: a ready one when there is any, because the control plane's machine
 * need not know the way to cluster addresses, else the cluster address.
 */
public final class ServiceEndpoints implements ServiceRoute {

    private static final GroupResource SERVICES = new GroupResource("", "services");
    private static final GroupResource SLICES = new GroupResource("discovery.k8s.io", "endpointslices");

    private final ClusterReader cluster;

    public ServiceEndpoints(ClusterReader cluster) {
        this.cluster = cluster;
    }

    @Override
    public Optional<String> find(String namespace, String name, int port) {
        Optional<KubeObject> found = cluster.get(SERVICES, new ObjectKey(namespace, name));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        KubeObject service = found.get();
        if (service.at("spec", "type").asString("").equals("ExternalName")) {
            return Optional.of(service.at("spec", "externalName").asString("") + ":" + port);
        }
        String portName = portName(service, port);
        List<String> ready = new ArrayList<>();
        for (KubeObject slice : cluster.list(SLICES, namespace)) {
            if (slice.labels().getOrDefault("kubernetes.io/service-name", "").equals(name)) {
                addReady(slice, portName, ready);
            }
        }
        if (!ready.isEmpty()) {
            // Spread over the endpoints without remembering anything.
            return Optional.of(ready.get(Math.floorMod(Thread.currentThread().threadId(), ready.size())));
        }
        String address = service.at("spec", "clusterIP").asString("");
        return address.isEmpty() || address.equals("None") ? Optional.empty() : Optional.of(host(address) + ":" + port);
    }

    private static String portName(KubeObject service, int port) {
        for (JsonNode each : service.at("spec", "ports")) {
            if (each.path("port").asInt(0) == port) {
                return each.path("name").asString("");
            }
        }
        return "";
    }

    private static void addReady(KubeObject slice, String portName, List<String> ready) {
        int target = 0;
        for (JsonNode port : slice.at("ports")) {
            if (port.path("name").asString("").equals(portName)) {
                target = port.path("port").asInt(0);
            }
        }
        if (target == 0) {
            return;
        }
        for (JsonNode endpoint : slice.at("endpoints")) {
            if (endpoint.path("conditions").path("ready").asBoolean(true)) {
                for (JsonNode address : endpoint.path("addresses")) {
                    ready.add(host(address.asString("")) + ":" + target);
                }
            }
        }
    }

    private static String host(String address) {
        return address.indexOf(':') >= 0 ? "[" + address + "]" : address;
    }
}
