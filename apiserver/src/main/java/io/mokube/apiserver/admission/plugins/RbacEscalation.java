package io.mokube.apiserver.admission.plugins;

import io.mokube.apiserver.admission.AdmissionPlugin;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.authz.Escalation;
import io.mokube.apiserver.authz.PolicyRule;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Nobody gives rights by a role or a binding that they do not have themselves, unless they may {@code escalate} the role or
 * {@code bind} it. In Kubernetes this is no plugin but part of how these resources are stored, so it can't be switched off.
 */
public final class RbacEscalation implements AdmissionPlugin {

    private static final String RBAC = "rbac.authorization.k8s.io";

    private final ClusterReader cluster;
    private final Authorizer authorizer;

    public RbacEscalation(ClusterReader cluster, Authorizer authorizer) {
        this.cluster = cluster;
        this.authorizer = authorizer;
    }

    @Override
    public String name() {
        return "RbacEscalation";
    }

    @Override
    public void validate(AdmissionRequest request) {
        KubeObject object = request.object();
        if (object == null
                || !request.resource().group().equals(RBAC)
                || request.user().isInGroup(User.SYSTEM_MASTERS)
                || isTouchedByCollectorOnly(object, request.old())) {
            return;
        }
        switch (request.resource().plural()) {
            case "roles", "clusterroles" -> checkRole(request, object);
            case "rolebindings", "clusterrolebindings" -> checkBinding(request, object);
            default -> {}
        }
    }

    private void checkRole(AdmissionRequest request, KubeObject role) {
        String plural = request.resource().plural();
        if (may(request.user(), "escalate", plural, request.namespace(), request.name())) {
            return;
        }
        refuseMore(request, role, PolicyRule.all(role.at("rules")));
        KubeObject old = request.old();
        boolean aggregates = role.at("aggregationRule").isObject()
                || (old != null && old.at("aggregationRule").isObject());
        if (aggregates && !Escalation.isAlmighty(authorizer, request.user())) {
            throw forbidden(request, role, "must have cluster-admin privileges to use the aggregationRule");
        }
    }

    private void checkBinding(AdmissionRequest request, KubeObject binding) {
        boolean toRole = binding.at("roleRef", "kind").asString("").equals("Role");
        GroupResource resource = new GroupResource(RBAC, toRole ? "roles" : "clusterroles");
        String name = binding.at("roleRef", "name").asString("");
        if (may(request.user(), "bind", resource.resource(), request.namespace(), name)) {
            return;
        }
        ObjectKey key = new ObjectKey(toRole ? request.namespace() : "", name);
        KubeObject role = cluster.get(resource, key)
                .or(() -> cluster.getFresh(resource, key))
                .orElseThrow(() -> ApiException.notFound(resource, name));
        refuseMore(request, binding, PolicyRule.all(role.at("rules")));
    }

    private boolean may(User user, String verb, String resource, String namespace, String name) {
        Attributes asked = Attributes.ofResource(verb, RBAC, resource, namespace, name);
        return authorizer.authorize(user, asked) instanceof Decision.Allowed;
    }

    private void refuseMore(AdmissionRequest request, KubeObject object, List<PolicyRule> rules) {
        String refusal = Escalation.refusal(authorizer, request.user(), request.namespace(), rules);
        if (!refusal.isEmpty()) {
            throw forbidden(request, object, refusal);
        }
    }

    private static ApiException forbidden(AdmissionRequest request, KubeObject object, String detail) {
        return ApiException.forbidden(request.resource().groupResource(), object.name(), detail);
    }

    /** Owners and finalizers change while objects are collected, by someone who need not have the rights in them. */
    private static boolean isTouchedByCollectorOnly(KubeObject object, @Nullable KubeObject old) {
        return old != null && withoutOwnership(object).equals(withoutOwnership(old));
    }

    private static ObjectNode withoutOwnership(KubeObject object) {
        KubeObject copy = object.deepCopy();
        copy.metadata().remove(List.of("ownerReferences", "finalizers", "managedFields"));
        return copy.root();
    }
}
