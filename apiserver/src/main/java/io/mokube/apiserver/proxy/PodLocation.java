package io.mokube.apiserver.proxy;

import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A pod that a request names, and the node that it is on. */
record PodLocation(KubeObject pod) {

    static final GroupResource NODES = new GroupResource("", "nodes");

    /**
     * @throws ApiException 404 when there is no such pod
     */
    static PodLocation of(Backend backend, ApiRequest request, Served served) {
        String name = request.info().name();
        StoredObject stored = backend.objects()
                .get(served.definition(), new ObjectKey(request.info().namespace(), name));
        if (stored == null) {
            throw ApiException.notFound(served.definition().groupResource(), name);
        }
        return new PodLocation(stored.parse());
    }

    /** The node's name, {@code ""} while it has none. */
    String nodeName() {
        return pod.at("spec", "nodeName").asString("");
    }

    /**
     * @throws ApiException 404 when the node is gone
     */
    KubeObject node(Backend backend) {
        return node(backend, nodeName());
    }

    /**
     * @throws ApiException 404 when there is no such node
     */
    static KubeObject node(Backend backend, String name) {
        StoredObject node =
                backend.objects().get(backend.resources().find(NODES).orElseThrow(), new ObjectKey("", name));
        if (node == null) {
            throw ApiException.notFound(NODES, name);
        }
        return node.parse();
    }

    /**
     * The container asked for, or the only one.
     *
     * @throws ApiException 400 when it is neither
     */
    String container(String asked) {
        List<String> containers = names("containers");
        List<String> initial = names("initContainers");
        List<String> ephemeral = names("ephemeralContainers");
        if (!asked.isEmpty()) {
            if (containers.contains(asked) || initial.contains(asked) || ephemeral.contains(asked)) {
                return asked;
            }
            throw ApiException.badRequest("container " + asked + " is not valid for pod " + pod.name());
        }
        if (containers.size() == 1) {
            return containers.getFirst();
        }
        StringBuilder message = new StringBuilder("a container name must be specified for pod " + pod.name()
                + ", choose one of: [" + String.join(" ", containers) + "]");
        if (!initial.isEmpty()) {
            message.append(" or one of the init containers: [")
                    .append(String.join(" ", initial))
                    .append(']');
        }
        if (!ephemeral.isEmpty()) {
            message.append(" or one of the ephemeral containers: [")
                    .append(String.join(" ", ephemeral))
                    .append(']');
        }
        throw ApiException.badRequest(message.toString());
    }

    private List<String> names(String field) {
        List<String> names = new ArrayList<>();
        for (JsonNode container : pod.at("spec", field)) {
            names.add(container.path("name").asString(""));
        }
        return names;
    }
}
