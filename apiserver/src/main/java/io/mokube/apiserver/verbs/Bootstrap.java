package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.net.InetAddress;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** The objects every cluster begins with. What is there is left as it is. */
public final class Bootstrap {

    private static final List<String> NAMESPACES = List.of("kube-system", "kube-public", "kube-node-lease", "default");

    private final Backend backend;
    private final Writes writes;

    public Bootstrap(Backend backend) {
        this.backend = backend;
        this.writes = new Writes(backend);
    }

    /**
     * Creates what is missing.
     *
     * @param serviceAddress the cluster address of the {@code kubernetes} service
     * @param port the port this server listens on
     * @throws RuntimeException when the store is away; call again then
     */
    public void ensure(InetAddress serviceAddress, int port) {
        for (String name : NAMESPACES) {
            KubeObject namespace = KubeObject.of("v1", "Namespace");
            namespace.setMetadata("name", name);
            namespace.metadata().putObject("labels").put("kubernetes.io/metadata.name", name);
            ensure(new GroupResource("", "namespaces"), namespace);
        }
        ensure(new GroupResource("", "services"), kubernetesService(serviceAddress, port));
    }

    private static KubeObject kubernetesService(InetAddress address, int port) {
        KubeObject service = KubeObject.of("v1", "Service");
        service.setMetadata("name", "kubernetes");
        service.setMetadata("namespace", "default");
        ObjectNode labels = service.metadata().putObject("labels");
        labels.put("component", "apiserver");
        labels.put("provider", "kubernetes");
        ObjectNode spec = service.root().putObject("spec");
        spec.put("type", "ClusterIP");
        spec.put("clusterIP", address.getHostAddress());
        spec.putArray("clusterIPs").add(address.getHostAddress());
        ObjectNode https = spec.putArray("ports").addObject();
        https.put("name", "https");
        https.put("protocol", "TCP");
        https.put("port", 443);
        https.put("targetPort", port);
        return service;
    }

    private void ensure(GroupResource resource, KubeObject object) {
        ResourceDefinition definition = backend.resources().find(resource).orElseThrow();
        ObjectKey key = object.key();
        if (backend.objects().getStored(definition, key) != null) {
            return;
        }
        User self = new User("system:apiserver", List.of(User.SYSTEM_MASTERS, User.AUTHENTICATED));
        try {
            FieldManager manager = new FieldManager("kube-apiserver", false, object.apiVersion(), "");
            writes.create(definition, object, new Writes.Writer(self, false, warning -> {}, manager));
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }
}
