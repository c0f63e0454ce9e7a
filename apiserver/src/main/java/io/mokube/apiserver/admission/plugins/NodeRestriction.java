package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.authz.NodeIdentity;
import io.mokube.apiserver.authz.PodReferences;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.object.OwnerReference;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Kubelets change their own node, its lease and the pods bound to it, and nothing that would bring them pods or secrets:
 * no taints, no labels in Kubernetes' name beyond the known ones, no pods but mirror pods.
 */
public final class NodeRestriction implements AdmissionPlugin {

    private static final GroupResource PODS = new GroupResource("", "pods");
    private static final GroupResource NODES = new GroupResource("", "nodes");
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final String LEASES = "kube-node-lease";
    private static final String RESTRICTED = "node-restriction.kubernetes.io";

    /** The labels in Kubernetes' name that a kubelet may set on its node. */
    private static final Set<String> KUBELET_LABELS = Set.of(
            "kubernetes.io/hostname",
            "topology.kubernetes.io/zone",
            "topology.kubernetes.io/region",
            "failure-domain.beta.kubernetes.io/zone",
            "failure-domain.beta.kubernetes.io/region",
            "node.kubernetes.io/instance-type",
            "beta.kubernetes.io/instance-type",
            "kubernetes.io/os",
            "kubernetes.io/arch",
            "beta.kubernetes.io/os",
            "beta.kubernetes.io/arch");

    private static final List<String> KUBELET_LABEL_DOMAINS = List.of("kubelet.kubernetes.io", "node.kubernetes.io");

    private final ClusterReader cluster;

    public NodeRestriction(ClusterReader cluster) {
        this.cluster = cluster;
    }

    @Override
    public String name() {
        return "NodeRestriction";
    }

    @Override
    public void validate(AdmissionRequest request) {
        String node = NodeIdentity.of(request.user());
        if (node == null) {
            return;
        }
        if (node.isEmpty()) {
            throw forbidden(
                    request,
                    "could not determine node from user \"" + request.user().name() + "\"");
        }
        String refusal =
                switch (request.resource().groupResource().toString()) {
                    case "pods" -> pod(node, request);
                    case "nodes" -> node(node, request);
                    case "persistentvolumeclaims" -> claim(node, request);
                    case "serviceaccounts" -> token(node, request);
                    case "leases.coordination.k8s.io" -> lease(node, request);
                    case "csinodes.storage.k8s.io" ->
                        request.name().equals(node)
                                ? ""
                                : "can only access CSINode with the same name as the requesting node";
                    default -> "";
                };
        if (!refusal.isEmpty()) {
            throw forbidden(request, refusal);
        }
    }

    private static ApiException forbidden(AdmissionRequest request, String detail) {
        return ApiException.forbidden(request.resource().groupResource(), request.name(), detail);
    }

    /** {@code node "name"}. */
    private static String quoted(String node) {
        return "node \"" + node + "\"";
    }

    private String pod(String node, AdmissionRequest request) {
        return switch (request.subresource()) {
            case "" ->
                switch (request.operation()) {
                    case CREATE -> mirrorPod(node, Objects.requireNonNull(request.object()));
                    case DELETE ->
                        isOn(node, request.old())
                                ? ""
                                : quoted(node) + " can only delete pods with spec.nodeName set to itself";
                    case UPDATE, CONNECT ->
                        "unexpected operation \"" + request.operation() + "\", " + quoted(node)
                                + " can only create and delete mirror pods";
                };
            case "status" -> podStatus(node, request);
            case "eviction" ->
                cluster.get(PODS, new ObjectKey(request.namespace(), request.name()))
                                .filter(pod -> isOn(node, pod))
                                .isPresent()
                        ? ""
                        : "node " + node + " can only evict pods with spec.nodeName set to itself";
            default ->
                "unexpected pod subresource \"" + request.subresource()
                        + "\", only 'status' and 'eviction' are allowed";
        };
    }

    private static boolean isOn(String node, @Nullable KubeObject pod) {
        return pod != null && pod.at("spec", "nodeName").asString("").equals(node);
    }

    private String mirrorPod(String node, KubeObject pod) {
        String self = quoted(node);
        if (!pod.annotations().containsKey(MIRROR)) {
            return "pod does not have \"" + MIRROR + "\" annotation, " + self + " can only create mirror pods";
        }
        if (!isOn(node, pod)) {
            return self + " can only create pods with spec.nodeName set to itself";
        }
        List<OwnerReference> owners = pod.ownerReferences();
        if (owners.size() > 1) {
            return self + " can only create pods with a single owner reference set to itself";
        }
        if (owners.isEmpty()
                || !owners.getFirst().apiVersion().equals("v1")
                || !owners.getFirst().kind().equals("Node")
                || !owners.getFirst().name().equals(node)) {
            return self + " can only create pods with an owner reference set to itself";
        }
        OwnerReference owner = owners.getFirst();
        if (!owner.controller()) {
            return self + " can only create pods with a controller owner reference set to itself";
        }
        if (owner.blockOwnerDeletion()) {
            return self + " must not set blockOwnerDeletion on an owner reference";
        }
        ObjectKey key = new ObjectKey("", node);
        KubeObject own = cluster.get(NODES, key)
                .or(() -> cluster.getFresh(NODES, key))
                .orElseThrow(() -> ApiException.notFound(NODES, node));
        if (!owner.uid().equals(own.uid())) {
            return "node " + node + " UID mismatch: expected " + owner.uid() + " got " + own.uid();
        }
        if (!pod.at("spec", "serviceAccountName").asString("").isEmpty()) {
            return self + " can not create pods that reference a service account";
        }
        return PodReferences.hasAny(pod) ? self + " can not create pods that reference other objects" : "";
    }

    private static String podStatus(String node, AdmissionRequest request) {
        KubeObject old = request.old();
        KubeObject pod = request.object();
        if (old == null || pod == null) {
            return "unexpected operation \"" + request.operation() + "\"";
        }
        if (!isOn(node, old)) {
            return quoted(node) + " can only update pod status for pods with spec.nodeName set to itself";
        }
        if (!old.labels().equals(pod.labels())) {
            return quoted(node) + " cannot update labels through pod status";
        }
        return old.at("status", "resourceClaimStatuses").equals(pod.at("status", "resourceClaimStatuses"))
                ? ""
                : quoted(node) + " cannot update resource claim statues";
    }

    private static String claim(String node, AdmissionRequest request) {
        KubeObject old = request.old();
        KubeObject claim = request.object();
        if (!request.subresource().equals("status") || old == null || claim == null) {
            return "may only update PVC status";
        }
        return withoutReport(claim).equals(withoutReport(old))
                ? ""
                : quoted(node) + " is not allowed to update fields other than status.capacity and status.conditions";
    }

    private static JsonNode withoutReport(KubeObject claim) {
        KubeObject copy = claim.deepCopy();
        copy.metadata().remove(List.of("resourceVersion", "managedFields"));
        if (copy.root().get("status") instanceof ObjectNode status) {
            status.remove(List.of("capacity", "conditions", "allocatedResourceStatuses", "allocatedResources"));
        }
        return copy.root();
    }

    private static String node(String node, AdmissionRequest request) {
        if (!request.name().equals(node)) {
            return quoted(node) + " is not allowed to modify node \"" + request.name() + "\"";
        }
        KubeObject object = request.object();
        KubeObject old = request.old();
        if (object == null) {
            return "";
        }
        if (old == null) {
            Set<String> labels = forbiddenLabels(object.labels(), Map.of());
            return labels.isEmpty()
                    ? ""
                    : quoted(node) + " is not allowed to set the following labels: " + String.join(", ", labels);
        }
        if (!object.at("spec", "taints").equals(old.at("spec", "taints"))) {
            return quoted(node) + " is not allowed to modify taints";
        }
        if (!object.ownerReferences().equals(old.ownerReferences())) {
            return quoted(node) + " is not allowed to modify ownerReferences";
        }
        Set<String> labels = forbiddenLabels(object.labels(), old.labels());
        return labels.isEmpty() ? "" : "is not allowed to modify labels: " + String.join(", ", labels);
    }

    private static Set<String> forbiddenLabels(Map<String, String> now, Map<String, String> before) {
        Set<String> names = new HashSet<>(now.keySet());
        names.addAll(before.keySet());
        Set<String> forbidden = new TreeSet<>();
        for (String name : names) {
            if (!Objects.equals(now.get(name), before.get(name)) && isForbidden(name)) {
                forbidden.add(name);
            }
        }
        return forbidden;
    }

    private static boolean isForbidden(String label) {
        int slash = label.indexOf('/');
        String domain = slash < 0 ? "" : label.substring(0, slash);
        if (isWithin(domain, RESTRICTED)) {
            return true;
        }
        boolean ofKubernetes = isWithin(domain, "kubernetes.io") || isWithin(domain, "k8s.io");
        return ofKubernetes
                && !KUBELET_LABELS.contains(label)
                && KUBELET_LABEL_DOMAINS.stream().noneMatch(each -> isWithin(domain, each));
    }

    private static boolean isWithin(String domain, String parent) {
        return domain.equals(parent) || domain.endsWith("." + parent);
    }

    private String token(String node, AdmissionRequest request) {
        KubeObject wish = request.object();
        if (request.operation() != Operation.CREATE || !request.subresource().equals("token") || wish == null) {
            return "";
        }
        JsonNode bound = wish.at("spec", "boundObjectRef");
        String name = bound.path("name").asString("");
        String uid = bound.path("uid").asString("");
        if (!bound.path("apiVersion").asString("").equals("v1")
                || !bound.path("kind").asString("").equals("Pod")
                || name.isEmpty()) {
            return "node requested token not bound to a pod";
        }
        if (uid.isEmpty()) {
            return "node requested token with a pod binding without a uid";
        }
        KubeObject pod = cluster.get(PODS, new ObjectKey(request.namespace(), name))
                .orElseThrow(() -> ApiException.notFound(PODS, name));
        if (!pod.uid().equals(uid)) {
            return "the UID in the bound object reference (" + uid
                    + ") does not match the UID in record. The object might have been deleted and then recreated";
        }
        return isOn(node, pod) ? "" : "node requested token bound to a pod scheduled on a different node";
    }

    private static String lease(String node, AdmissionRequest request) {
        if (!request.namespace().equals(LEASES)) {
            return "can only access leases in the \"" + LEASES + "\" system namespace";
        }
        return request.name().equals(node)
                ? ""
                : "can only access node lease with the same name as the requesting node";
    }
}
