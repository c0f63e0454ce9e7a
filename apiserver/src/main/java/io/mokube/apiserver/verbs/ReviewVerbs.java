package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.Authenticator.Credentials;
import io.mokube.apiserver.authn.Authenticators;
import io.mokube.apiserver.authn.ServiceAccountTokens;
import io.mokube.apiserver.authn.ServiceAccountTokens.Reviewed;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.authz.Authorizer.Held;
import io.mokube.apiserver.authz.PolicyRule;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** POST of reviews: questions about users and what they may do. Nothing is stored. */
final class ReviewVerbs {

    private final Authorizer authorizer;
    private final ServiceAccountTokens tokens;
    private final Authenticators authenticators;

    ReviewVerbs(Authorizer authorizer, ServiceAccountTokens tokens, Authenticators authenticators) {
        this.authorizer = authorizer;
        this.tokens = tokens;
        this.authenticators = authenticators;
    }

    /** Who am I? */
    Answer selfSubject(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        ObjectNode status = review.root().putObject("status");
        writeUser(status.putObject("userInfo"), request.user());
        return new Answer.Document(201, review.root());
    }

    /** May I? */
    Answer selfAccess(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        return answer(review, request.user());
    }

    /** May they? */
    Answer access(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        return answer(review, subject(review));
    }

    private static User subject(KubeObject review) {
        JsonNode spec = review.at("spec");
        String name = spec.path("user").asString("");
        List<String> groups = texts(spec.path("groups"));
        if (name.isEmpty() && groups.isEmpty()) {
            throw invalid(
                    review, FieldError.invalid("spec.user", "", "at least one of user or group must be specified"));
        }
        Map<String, List<String>> extra = new HashMap<>();
        spec.path("extra").properties().forEach(each -> extra.put(each.getKey(), texts(each.getValue())));
        return new User(name, spec.path("uid").asString(""), groups, extra);
    }

    private static ApiException invalid(KubeObject review, FieldError error) {
        return ApiException.invalid("authorization.k8s.io", review.kind(), "", List.of(error));
    }

    /** May they, in this namespace? */
    Answer localAccess(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        String namespace = request.info().namespace();
        if (review.at("spec", "nonResourceAttributes").isObject()) {
            throw invalid(
                    review, FieldError.invalid("spec.nonResourceAttributes", "", "disallowed on this kind of request"));
        }
        if (!text(review.at("spec", "resourceAttributes"), "namespace").equals(namespace)) {
            throw ApiException.badRequest("spec.resourceAttributes.namespace must match namespace: " + namespace);
        }
        return answer(review, subject(review));
    }

    /** What may I, in a namespace? */
    Answer selfRules(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        String namespace = review.at("spec", "namespace").asString("");
        if (namespace.isEmpty()) {
            throw ApiException.badRequest("no namespace on request");
        }
        Held held = authorizer.rules(request.user(), namespace);
        ObjectNode status = review.root().putObject("status");
        if (!held.problems().isEmpty()) {
            status.put("evaluationError", String.join("; ", held.problems()));
        }
        status.put("incomplete", !held.problems().isEmpty());
        ArrayNode resources = status.putArray("resourceRules");
        ArrayNode others = status.putArray("nonResourceRules");
        for (PolicyRule rule : held.rules()) {
            rule.writeTo((rule.paths().isEmpty() ? resources : others).addObject());
        }
        return new Answer.Document(201, review.root());
    }

    /** Whose token is this? */
    Answer token(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        String token = review.at("spec", "token").asString("");
        if (token.isEmpty()) {
            throw ApiException.badRequest("token is required for TokenReview in authentication");
        }
        List<String> audiences = texts(review.at("spec", "audiences"));
        if (audiences.isEmpty()) {
            audiences = List.of(ServiceAccountTokens.ISSUER);
        }
        ObjectNode status = review.root().putObject("status");
        ObjectNode user = status.putObject("user");
        try {
            Reviewed reviewed = reviewed(token, audiences);
            status.put("authenticated", true);
            writeUser(user, reviewed.user());
            ArrayNode granted = status.putArray("audiences");
            reviewed.audiences().forEach(granted::add);
        } catch (ApiException e) {
            status.put("error", "invalid bearer token");
        }
        return new Answer.Document(201, review.root());
    }

    private Reviewed reviewed(String token, List<String> audiences) {
        Optional<Reviewed> account = tokens.review(token, audiences);
        if (account.isPresent()) {
            return account.get();
        }
        // Other kinds of tokens are for this server and nobody else.
        if (!audiences.contains(ServiceAccountTokens.ISSUER)) {
            throw ApiException.unauthorized();
        }
        return new Reviewed(
                authenticators.authenticate(new Credentials(List.of(), token)), List.of(ServiceAccountTokens.ISSUER));
    }

    private Answer answer(KubeObject review, User user) {
        JsonNode spec = review.at("spec");
        JsonNode resource = spec.path("resourceAttributes");
        JsonNode path = spec.path("nonResourceAttributes");
        if (resource.isObject() == path.isObject()) {
            throw invalid(
                    review,
                    FieldError.invalid(
                            "spec.resourceAttributes",
                            "",
                            "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
        }
        Attributes attributes = resource.isObject()
                ? new Attributes(
                        text(resource, "verb"),
                        text(resource, "group"),
                        text(resource, "version"),
                        text(resource, "resource"),
                        text(resource, "subresource"),
                        text(resource, "namespace"),
                        text(resource, "name"),
                        fieldSelector(resource.path("fieldSelector")),
                        "")
                : new Attributes(text(path, "verb"), "", "", "", "", "", "", "", text(path, "path"));
        ObjectNode status = review.root().putObject("status");
        switch (authorizer.authorize(user, attributes)) {
            case Decision.Allowed allowed -> {
                status.put("allowed", true);
                if (!allowed.reason().isEmpty()) {
                    status.put("reason", allowed.reason());
                }
            }
            case Decision.Denied denied -> {
                status.put("allowed", false);
                if (!denied.reason().isEmpty()) {
                    status.put("reason", denied.reason());
                }
            }
        }
        return new Answer.Document(201, review.root());
    }

    /** As a request would have it. What can't be said by the few operators of field selectors narrows nothing. */
    private static String fieldSelector(JsonNode selector) {
        List<String> terms = new ArrayList<>();
        if (!text(selector, "rawSelector").isEmpty()) {
            terms.add(text(selector, "rawSelector"));
        }
        for (JsonNode requirement : selector.path("requirements")) {
            if (text(requirement, "operator").equals("In")
                    && requirement.path("values").size() == 1) {
                terms.add(text(requirement, "key") + "="
                        + requirement.path("values").path(0).asString(""));
            }
        }
        return String.join(",", terms);
    }

    private static void writeUser(ObjectNode node, User user) {
        node.put("username", user.name());
        if (!user.uid().isEmpty()) {
            node.put("uid", user.uid());
        }
        ArrayNode groups = node.putArray("groups");
        user.groups().forEach(groups::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = node.putObject("extra");
            user.extra().forEach((name, values) -> {
                ArrayNode array = extra.putArray(name);
                values.forEach(array::add);
            });
        }
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asString("");
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asString("")));
        return texts;
    }
}
