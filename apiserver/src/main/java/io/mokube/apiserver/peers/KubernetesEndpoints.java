package io.mokube.apiserver.peers;

import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What the endpoints of the service {@code kubernetes} are. The service selects no pods: the API servers write them. */
final class KubernetesEndpoints {

    static final ObjectKey KEY = new ObjectKey("default", "kubernetes");

    private KubernetesEndpoints() {}

    /**
     * The {@code Endpoints}.
     *
     * @param present what is there, which is changed
     * @param port where every API server listens
     */
    static KubeObject endpoints(@Nullable KubeObject present, List<InetAddress> addresses, int port) {
        KubeObject endpoints = present == null ? named("v1", "Endpoints") : present;
        // They have no slice made by mirroring: the one below is theirs.
        endpoints.metadata().withObjectProperty("labels").put("endpointslice.kubernetes.io/skip-mirror", "true");
        ObjectNode subset = Json.MAPPER.createObjectNode();
        ArrayNode list = subset.putArray("addresses");
        addresses.forEach(address -> list.addObject().put("ip", address.getHostAddress()));
        subset.set("ports", ports(port));
        endpoints.root().putArray("subsets").add(subset);
        return endpoints;
    }

    /**
     * The slice with the addresses of one family; a slice can have no other.
     *
     * @param present what is there, which is changed
     */
    static KubeObject slice(@Nullable KubeObject present, List<InetAddress> addresses, int port, String addressType) {
        KubeObject slice = present == null ? named("discovery.k8s.io/v1", "EndpointSlice") : present;
        slice.metadata().withObjectProperty("labels").put("kubernetes.io/service-name", KEY.name());
        slice.root().put("addressType", addressType);
        ArrayNode endpoints = slice.root().putArray("endpoints");
        for (InetAddress address : addresses) {
            if (addressType(address).equals(addressType)) {
                ObjectNode endpoint = endpoints.addObject();
                endpoint.putArray("addresses").add(address.getHostAddress());
                endpoint.putObject("conditions").put("ready", true);
            }
        }
        slice.root().set("ports", ports(port));
        return slice;
    }

    static String addressType(InetAddress address) {
        return IpAddress.of(address).family().apiName();
    }

    private static KubeObject named(String apiVersion, String kind) {
        KubeObject object = KubeObject.of(apiVersion, kind);
        object.setMetadata("name", KEY.name());
        object.setMetadata("namespace", KEY.namespace());
        return object;
    }

    private static ArrayNode ports(int port) {
        ArrayNode ports = Json.MAPPER.createArrayNode();
        ports.addObject().put("name", "https").put("port", port).put("protocol", "TCP");
        return ports;
    }
}
