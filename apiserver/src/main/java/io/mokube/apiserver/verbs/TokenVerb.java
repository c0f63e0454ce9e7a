package io.mokube.apiserver.verbs;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.Operation;
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
    private static final GroupResource NODES = new GroupResource("", "nodes");
    private static final GroupResource PODS = new GroupResource("", "pods");
    private static final GroupResource SECRETS = new GroupResource("", "secrets");

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
        backend.admission()
                .validate(new AdmissionRequest(
                        Operation.CREATE,
                        served.definition(),
                        "token",
                        key.namespace(),
                        key.name(),
                        wish,
                        null,
                        request.user(),
                        false,
                        request::warn));
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

    /** What the token shall die with; a token for a pod also names the pod's node. */
    private List<Bound> bound(ObjectKey account, JsonNode reference) {
        if (!reference.isObject()) {
            return List.of();
        }
        String kind = reference.path("kind").asString("");
        String name = reference.path("name").asString("");
        String uid = reference.path("uid").asString("");
        return switch (kind) {
            case "Pod" -> {
                KubeObject pod = find(PODS, new ObjectKey(account.namespace(), name), uid);
                if (!pod.at("spec", "serviceAccountName").asString("").equals(account.name())) {
                    throw ApiException.badRequest("cannot bind token for serviceaccount \"" + account.name()
                            + "\" to pod running with different serviceaccount name.");
                }
                List<Bound> bound = new ArrayList<>(List.of(new Bound("pod", name, pod.uid())));
                String nodeName = pod.at("spec", "nodeName").asString("");
                StoredObject node = nodeName.isEmpty() ? null : stored(NODES, new ObjectKey("", nodeName));
                if (node != null) {
                    bound.add(new Bound("node", nodeName, node.parse().uid()));
                }
                yield bound;
            }
            case "Secret" ->
                List.of(new Bound(
                        "secret",
                        name,
                        find(SECRETS, new ObjectKey(account.namespace(), name), uid)
                                .uid()));
            case "Node" ->
                List.of(new Bound(
                        "node", name, find(NODES, new ObjectKey("", name), uid).uid()));
            default ->
                throw ApiException.badRequest(
                        "cannot bind token for serviceaccount \"" + account.name() + "\" to an object of kind " + kind);
        };
    }

    private KubeObject find(GroupResource resource, ObjectKey key, String uid) {
        StoredObject stored = stored(resource, key);
        if (stored == null) {
            throw ApiException.notFound(resource, key.name());
        }
        KubeObject object = stored.parse();
        if (!uid.isEmpty() && !uid.equals(object.uid())) {
            throw ApiException.conflict(
                    resource,
                    key.name(),
                    "the UID in the bound object reference (" + uid + ") does not match the UID in record. The object"
                            + " might have been deleted and then recreated");
        }
        return object;
    }

    private @Nullable StoredObject stored(GroupResource resource, ObjectKey key) {
        return backend.objects().get(backend.resources().find(resource).orElseThrow(), key);
    }
}
