package io.mokube.kubelet.server;

import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import tools.jackson.databind.node.ObjectNode;

/**
 * Whether a client may do what it asks a node for. The API server decides, by a SubjectAccessReview about the node, as
 * Kubernetes' kubelets let it with {@code --authorization-mode=Webhook}; its answers are kept for a while. Safe for use by
 * many threads.
 */
final class NodeAccess {

    /** The group that may do everything; the API server doesn't look further either. */
    private static final String MASTERS = "system:masters";

    private static final Duration ALLOWED_FOR = Duration.ofMinutes(5);
    private static final Duration REFUSED_FOR = Duration.ofSeconds(30);
    private static final int MOST_KEPT = 1000;

    private final String node;
    private final ResourceClient<KubeObject> reviews;
    private final Clock clock;
    private final Map<Question, Verdict> known = new ConcurrentHashMap<>();

    /** Who wants to do what with which part of the node. */
    record Question(String user, List<String> groups, String verb, String subresource) {

        /** The question in the words of a kubelet's refusal. */
        String refusal() {
            return "Forbidden (user=%s, verb=%s, resource=nodes, subresource(s)=[%s])"
                    .formatted(user, verb, subresource);
        }
    }

    private record Verdict(boolean allowed, Instant until) {}

    NodeAccess(String node, ApiClient client, Clock clock) {
        this.node = node;
        this.reviews = client.resource(ResourceType.dynamic(
                new GroupVersionResource("authorization.k8s.io", "v1", "subjectaccessreviews"),
                "SubjectAccessReview",
                false));
        this.clock = clock;
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
        if (question.groups().contains(MASTERS)) {
            return true;
        }
        Verdict verdict = known.get(question);
        if (verdict == null || verdict.until().isBefore(clock.instant())) {
            boolean allowed = ask(question);
            verdict = new Verdict(allowed, clock.instant().plus(allowed ? ALLOWED_FOR : REFUSED_FOR));
            if (known.size() >= MOST_KEPT) {
                known.clear();
            }
            known.put(question, verdict);
        }
        return verdict.allowed();
    }

    private boolean ask(Question question) {
        ObjectNode review = Json.MAPPER.createObjectNode();
        review.put("apiVersion", "authorization.k8s.io/v1").put("kind", "SubjectAccessReview");
        review.putObject("metadata");
        ObjectNode spec = review.putObject("spec");
        spec.put("user", question.user());
        question.groups().forEach(spec.putArray("groups")::add);
        spec.putObject("resourceAttributes")
                .put("verb", question.verb())
                .put("version", "v1")
                .put("resource", "nodes")
                .put("subresource", question.subresource())
                .put("name", node);
        return reviews.create(new KubeObject(review)).at("status", "allowed").asBoolean(false);
    }
}
