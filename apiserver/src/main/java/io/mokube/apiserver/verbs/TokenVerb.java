package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.ServiceAccountTokens;
import io.mokube.apiserver.authn.ServiceAccountTokens.Bound;
import io.mokube.apiserver.authn.ServiceAccountTokens.Issued;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** POST of a service account's token request. */
final class TokenVerb implements Verb {

    private static final Duration DEFAULT_LIFE = Duration.ofHours(1);
    private static final Duration SHORTEST_LIFE = Duration.ofMinutes(10);
    private static final Duration LONGEST_LIFE = Duration.ofSeconds(1L << 32);
    private static final GroupResource PODS = new GroupResource("", "pods");

    private final Backend backend;
    private final ServiceAccountTokens tokens;
    private final Reads reads;

    TokenVerb(Backend backend, ServiceAccountTokens tokens) {
        this.backend = backend;
        this.tokens = tokens;
        this.reads = new Reads(backend);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        KubeObject wish = Bodies.readAs(request, "authentication.k8s.io/v1", "TokenRequest", FieldValidation.IGNORE);
        ObjectKey key = Paths.key(request, served.definition());
        StoredObject stored = reads.get(served.definition(), key, "");
        if (stored == null) {
            throw ApiException.notFound(served.definition().groupResource(), key.name());
        }
        List<String> audiences = new ArrayList<>();
        wish.at("spec", "audiences").forEach(each -> audiences.add(each.asString("")));
        if (audiences.isEmpty()) {
            audiences.add(ServiceAccountTokens.ISSUER);
        }
        JsonNode seconds = wish.at("spec", "expirationSeconds");
        Duration life = seconds.isNumber() ? Duration.ofSeconds(seconds.asLong()) : DEFAULT_LIFE;
        checkLife(key, life);
        Issued issued =
                tokens.issue(key, stored.parse().uid(), audiences, life, bound(key, wish.at("spec", "boundObjectRef")));
        ObjectNode spec = wish.root().withObjectProperty("spec");
        ArrayNode granted = spec.putArray("audiences");
        audiences.forEach(granted::add);
        spec.put("expirationSeconds", life.toSeconds());
        ObjectNode status = wish.root().putObject("status");
        status.put("token", issued.token());
        status.put("expirationTimestamp", Lifecycle.timestamp(issued.expires()));
        wish.setMetadata("name", key.name());
        wish.setMetadata("namespace", key.namespace());
        wish.setMetadata(
                "creationTimestamp",
                Lifecycle.timestamp(backend.platform().clock().instant()));
        return new Answer.Document(201, wish.root());
    }

    private static void checkLife(ObjectKey key, Duration life) {
        String wrong = life.compareTo(SHORTEST_LIFE) < 0
                ? "may not specify a duration less than 10 minutes"
                : life.compareTo(LONGEST_LIFE) > 0 ? "may not specify a duration larger than 2^32 seconds" : "";
        if (!wrong.isEmpty()) {
            throw ApiException.invalid(
                    "authentication.k8s.io",
                    "TokenRequest",
                    key.name(),
                    List.of(FieldError.invalid("spec.expirationSeconds", life.toSeconds(), wrong)));
        }
    }

    private @Nullable Bound bound(ObjectKey account, JsonNode reference) {
        if (!reference.isObject()) {
            return null;
        }
        String kind = reference.path("kind").asString("");
        String name = reference.path("name").asString("");
        if (!kind.equals("Pod")) {
            throw ApiException.badRequest(
                    "cannot bind token for serviceaccount \"" + account.name() + "\" to an object of kind " + kind);
        }
        StoredObject stored = backend.objects()
                .get(backend.resources().find(PODS).orElseThrow(), new ObjectKey(account.namespace(), name));
        if (stored == null) {
            throw ApiException.notFound(PODS, name);
        }
        KubeObject pod = stored.parse();
        String uid = reference.path("uid").asString("");
        if (!uid.isEmpty() && !uid.equals(pod.uid())) {
            throw ApiException.conflict(
                    PODS,
                    name,
                    "the UID in the bound object reference (" + uid + ") does not match the UID in record. The object"
                            + " might have been deleted and then recreated");
        }
        String runsAs = pod.at("spec", "serviceAccountName").asString("");
        if (!runsAs.equals(account.name())) {
            throw ApiException.badRequest("cannot bind token for serviceaccount \"" + account.name()
                    + "\" to pod running with different serviceaccount name.");
        }
        return new Bound("pod", name, pod.uid());
    }
}
