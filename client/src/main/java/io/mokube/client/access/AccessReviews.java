package io.mokube.client.access;

import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * Whether a caller may do what it asks for. The API server decides, by a SubjectAccessReview, as Kubernetes' components let
 * it; its answers are kept for a while. Safe for use by many threads.
 */
public final class AccessReviews {

    /** The group that may do everything; the API server doesn't look further either. */
    private static final String MASTERS = "system:masters";

    private static final Duration ALLOWED_FOR = Duration.ofMinutes(5);
    private static final Duration REFUSED_FOR = Duration.ofSeconds(30);
    private static final int MOST_KEPT = 1000;

    private final ResourceClient<KubeObject> reviews;
    private final Clock clock;
    private final Map<Question, Verdict> known = new ConcurrentHashMap<>();

    /** Who wants to do what. */
    public record Question(String user, List<String> groups, Access access) {

        public Question {
            groups = List.copyOf(groups);
        }
    }

    /**
     * What is to be done.
     *
     * @param resource with its group and version
     * @param subresource {@code ""} for none
     * @param namespace {@code ""} for none, or all of them
     * @param name {@code ""} for all of them
     */
    public record Access(
            String verb, GroupVersionResource resource, String subresource, String namespace, String name) {}

    private record Verdict(boolean allowed, Instant until) {}

    public AccessReviews(ApiClient client, Clock clock) {
        this.reviews = client.resource(ResourceType.dynamic(
                new GroupVersionResource("authorization.k8s.io", "v1", "subjectaccessreviews"),
                "SubjectAccessReview",
                false));
        this.clock = clock;
    }

    /**
     * Whether the API server allows it.
     *
     * @throws io.mokube.machinery.error.ApiException when it can't tell
     * @throws io.mokube.client.rest.ConnectionException when it can't be asked
     */
    public boolean allows(Question question) {
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
        Access access = question.access();
        spec.putObject("resourceAttributes")
                .put("verb", access.verb())
                .put("group", access.resource().group())
                .put("version", access.resource().version())
                .put("resource", access.resource().resource())
                .put("subresource", access.subresource())
                .put("namespace", access.namespace())
                .put("name", access.name());
        return reviews.create(new KubeObject(review)).at("status", "allowed").asBoolean(false);
    }
}
