package io.mokube.kubelet.server;

import io.mokube.client.access.AccessReviews;
import io.mokube.client.rest.ApiClient;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.time.Clock;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Whether a client may do what it asks a node for. The API server decides, by a SubjectAccessReview about the node, as
 * Kubernetes' kubelets let it with {@code --authorization-mode=Webhook}. Safe for use by many threads.
 */
final class NodeAccess {

    private static final GroupVersionResource NODES = new GroupVersionResource("", "v1", "nodes");

    private final String node;
    private final AccessReviews reviews;

    /** Who wants to do what with which part of the node. */
    record Question(String user, List<String> groups, String verb, String subresource) {

        /** The question in the words of a kubelet's refusal. */
        String refusal() {
            return "Forbidden (user=%s, verb=%s, resource=nodes, subresource(s)=[%s])"
                    .formatted(user, verb, subresource);
        }
    }

    NodeAccess(String node, ApiClient client, Clock clock) {
        this.node = node;
        this.reviews = new AccessReviews(client, clock);
    }

    /**
     * What a request comes down to.
     *
     * @param part the first segment of its path
     */
    static Question question(X509Certificate client, String method, String part) {
        String user = "";
        List<String> groups = new ArrayList<>();
        try {
            for (Rdn name : new LdapName(client.getSubjectX500Principal().getName()).getRdns()) {
                switch (name.getType()) {
                    case "CN" -> user = String.valueOf(name.getValue());
                    case "O" -> groups.add(String.valueOf(name.getValue()));
                    default -> {}
                }
            }
        } catch (InvalidNameException e) {
            throw new IllegalStateException("a certificate's subject is always a name", e);
        }
        groups.add("system:authenticated");
        String verb =
                switch (method) {
                    case "POST" -> "create";
                    case "PUT" -> "update";
                    case "PATCH" -> "patch";
                    case "DELETE" -> "delete";
                    default -> "get";
                };
        String subresource =
                switch (part) {
                    case "metrics", "stats", "pods" -> part;
                    case "logs" -> "log";
                    default -> "proxy";
                };
        return new Question(user, List.copyOf(groups), verb, subresource);
    }

    /**
     * Whether the API server allows it.
     *
     * @throws io.mokube.machinery.error.ApiException when it can't tell
     * @throws io.mokube.client.rest.ConnectionException when it can't be asked
     */
    boolean allows(Question question) {
        return reviews.allows(new AccessReviews.Question(
                question.user(),
                question.groups(),
                new AccessReviews.Access(question.verb(), NODES, question.subresource(), "", node)));
    }
}
