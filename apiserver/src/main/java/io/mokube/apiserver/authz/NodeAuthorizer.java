package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.FieldSelector;
import java.util.List;
import java.util.Set;

/**
 * Kubelets may do what the role {@code system:node} says, and of that only what concerns their own node: itself, its lease,
 * its pods and what these need. What can only be told from the object written is left to the admission plugin
 * {@code NodeRestriction}.
 */
public final class NodeAuthorizer implements Authorizer {

    private static final Decision YES = new Decision.Allowed("");
    private static final Decision NO = new Decision.Denied("");
    private static final String LEASES = "kube-node-lease";
    private static final Set<String> READ = Set.of("get", "list", "watch");
    private static final Set<String> OWN = Set.of("create", "delete", "get", "patch", "update");

    private final List<PolicyRule> rules;
    private final NodePods pods;

    /** @param rules of the role {@code system:node} */
    public NodeAuthorizer(List<PolicyRule> rules, NodePods pods) {
        this.rules = List.copyOf(rules);
        this.pods = pods;
    }

    @Override
    public Decision authorize(User user, Attributes asked) {
        String node = NodeIdentity.of(user);
        if (node == null) {
            return NO;
        }
        if (node.isEmpty()) {
            return new Decision.Denied("unknown node for user \"" + user.name() + "\"");
        }
        ObjectKey key = new ObjectKey(asked.namespace(), asked.name());
        return switch (asked.group()) {
            case "" ->
                switch (asked.resource()) {
                    case "secrets" -> read(node, asked, () -> pods.needsSecret(node, key));
                    case "configmaps" -> read(node, asked, () -> pods.needsConfigMap(node, key));
                    case "persistentvolumeclaims" ->
                        asked.subresource().equals("status")
                                ? status(node, asked, () -> pods.needsClaim(node, key))
                                : get(node, asked, () -> pods.needsClaim(node, key));
                    case "persistentvolumes" -> get(node, asked, () -> pods.needsVolume(node, key.name()));
                    case "serviceaccounts" -> token(node, asked, () -> pods.needsAccount(node, key));
                    case "nodes" -> node(node, asked);
                    case "pods" -> pod(node, asked, key);
                    default -> byRole(asked);
                };
            case "coordination.k8s.io" -> asked.resource().equals("leases") ? lease(node, asked) : byRole(asked);
            case "storage.k8s.io" ->
                switch (asked.resource()) {
                    case "volumeattachments" -> get(node, asked, () -> pods.needsAttachment(node, key.name()));
                    case "csinodes" -> driverNode(node, asked);
                    default -> byRole(asked);
                };
            case "resource.k8s.io" ->
                asked.resource().equals("resourceclaims")
                        ? get(node, asked, () -> pods.needsDeviceClaim(node, key))
                        : byRole(asked);
            default -> byRole(asked);
        };
    }

    /** Whether an object is needed on the node; asked last, since it costs the most. */
    @FunctionalInterface
    private interface Needed {
        boolean test();
    }

    private Decision byRole(Attributes asked) {
        for (PolicyRule rule : rules) {
            if (rule.allows(asked)) {
                return YES;
            }
        }
        return NO;
    }

    private static Decision no(String reason) {
        return new Decision.Denied(reason);
    }

    private static Decision read(String node, Attributes asked, Needed needed) {
        if (!READ.contains(asked.verb())) {
            return no("can only read resources of this type");
        }
        if (!asked.subresource().isEmpty()) {
            return no("cannot read subresource");
        }
        if (asked.namespace().isEmpty()) {
            return no("can only read namespaced object of this type");
        }
        return ifNeeded(node, asked, needed);
    }

    private static Decision get(String node, Attributes asked, Needed needed) {
        if (!asked.verb().equals("get")) {
            return no("can only get individual resources of this type");
        }
        if (!asked.subresource().isEmpty()) {
            return no("cannot get subresource");
        }
        return ifNeeded(node, asked, needed);
    }

    private static Decision status(String node, Attributes asked, Needed needed) {
        return switch (asked.verb()) {
            case "update", "patch" -> ifNeeded(node, asked, needed);
            default -> no("can only get/update/patch this type");
        };
    }

    private static Decision token(String node, Attributes asked, Needed needed) {
        if (!asked.verb().equals("create") || asked.name().isEmpty()) {
            return no("can only create tokens for individual service accounts");
        }
        if (!asked.subresource().equals("token")) {
            return no("can only create token subresource of serviceaccount");
        }
        return ifNeeded(node, asked, needed);
    }

    private static Decision ifNeeded(String node, Attributes asked, Needed needed) {
        if (asked.name().isEmpty()) {
            return no("No Object name found");
        }
        return needed.test() ? YES : no("no relationship found between node '" + node + "' and this object");
    }

    private static Decision lease(String node, Attributes asked) {
        if (!OWN.contains(asked.verb())) {
            return no("can only get, create, update, patch, or delete a node lease");
        }
        if (!asked.namespace().equals(LEASES)) {
            return no("can only access leases in the \"" + LEASES + "\" system namespace");
        }
        return isOwn(node, asked) ? YES : no("can only access node lease with the same name as the requesting node");
    }

    private static Decision driverNode(String node, Attributes asked) {
        if (!OWN.contains(asked.verb())) {
            return no("can only get, create, update, patch, or delete a CSINode");
        }
        if (!asked.subresource().isEmpty()) {
            return no("cannot authorize CSINode subresources");
        }
        return isOwn(node, asked) ? YES : no("can only access CSINode with the same name as the requesting node");
    }

    /** A create names no object yet; admission looks at it. */
    private static boolean isOwn(String node, Attributes asked) {
        return asked.verb().equals("create") || asked.name().equals(node);
    }

    private Decision node(String node, Attributes asked) {
        if (!asked.subresource().isEmpty() || !READ.contains(asked.verb())) {
            return byRole(asked);
        }
        if (asked.name().equals(node)) {
            return YES;
        }
        return asked.name().isEmpty()
                ? no("node '" + node + "' cannot read all nodes, only its own Node object")
                : no("node '" + node + "' cannot read '" + asked.name() + "', only its own Node object");
    }

    private Decision pod(String node, Attributes asked, ObjectKey key) {
        if (!asked.subresource().isEmpty()) {
            return byRole(asked);
        }
        return switch (asked.verb()) {
            case "get" ->
                pods.isBound(node, key) ? YES : no("no relationship found between node '" + node + "' and this object");
            case "list", "watch" ->
                selectsOwnPods(node, asked.fieldSelector())
                        ? YES
                        : no("can only list/watch pods with spec.nodeName field selector");
            default -> byRole(asked);
        };
    }

    private static boolean selectsOwnPods(String node, String fieldSelector) {
        try {
            return FieldSelector.parse(fieldSelector).requirements().stream()
                    .anyMatch(each -> each.field().equals("spec.nodeName")
                            && each.equal()
                            && each.value().equals(node));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @Override
    public Held rules(User user, String namespace) {
        return NodeIdentity.of(user) == null
                ? Held.NOTHING
                : new Held(List.of(), List.of("node authorizer does not support user rule resolution"));
    }
}
