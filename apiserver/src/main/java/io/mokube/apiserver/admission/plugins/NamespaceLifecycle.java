package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Nothing is created in a namespace that is missing or on its way out, and three namespaces can't be deleted. */
public final class NamespaceLifecycle implements AdmissionPlugin {

    private static final GroupResource NAMESPACES = new GroupResource("", "namespaces");
    private static final Set<String> PROTECTED = Set.of("default", "kube-system", "kube-public");

    private final ClusterReader cluster;

    public NamespaceLifecycle(ClusterReader cluster) {
        this.cluster = cluster;
    }

    @Override
    public String name() {
        return "NamespaceLifecycle";
    }

    /** Already before other plugins look into the namespace, so that the missing namespace is what the user hears of. */
    @Override
    public void mutate(AdmissionRequest request) {
        check(request);
    }

    @Override
    public void validate(AdmissionRequest request) {
        if (request.operation() == Operation.DELETE
                && request.isFor("", "namespaces")
                && PROTECTED.contains(request.name())) {
            throw ApiException.forbidden(NAMESPACES, request.name(), "this namespace may not be deleted");
        }
        check(request);
    }

    private void check(AdmissionRequest request) {
        if (request.operation() != Operation.CREATE || !request.resource().namespaced()) {
            return;
        }
        // Access reviews ask about namespaces that need not exist.
        if (request.resource().group().equals("authorization.k8s.io")) {
            return;
        }
        ObjectKey key = new ObjectKey("", request.namespace());
        Optional<KubeObject> namespace = cluster.look(NAMESPACES, key).or(() -> cluster.getFresh(NAMESPACES, key));
        if (namespace.isEmpty()) {
            throw ApiException.notFound(NAMESPACES, request.namespace());
        }
        if (isTerminating(namespace.get())
                && isTerminating(cluster.getFresh(NAMESPACES, key).orElse(namespace.get()))) {
            throw terminating(request);
        }
    }

    private static boolean isTerminating(KubeObject namespace) {
        return namespace.isBeingDeleted()
                || namespace.at("status", "phase").asString("").equals("Terminating");
    }

    private static ApiException terminating(AdmissionRequest request) {
        KubeObject object = request.object();
        String name = request.name();
        if (name.isEmpty() && object != null) {
            name = object.generateName();
        }
        String namespace = request.namespace();
        ApiException plain = ApiException.forbidden(
                request.resource().groupResource(),
                name,
                "unable to create new content in namespace " + namespace + " because it is being terminated");
        Status status = plain.status();
        List<Status.Cause> causes = new ArrayList<>();
        causes.add(new Status.Cause(
                "NamespaceTerminating", "namespace " + namespace + " is being terminated", "metadata.namespace"));
        return new ApiException(new Status(
                status.code(),
                status.reason(),
                status.message(),
                new Status.Details(
                        name, request.resource().group(), request.resource().plural(), "", causes, 0)));
    }
}
