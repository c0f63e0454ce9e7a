package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.ServiceAccountTokens;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
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

    ReviewVerbs(Authorizer authorizer, ServiceAccountTokens tokens) {
        this.authorizer = authorizer;
        this.tokens = tokens;
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
        JsonNode spec = review.at("spec");
        String name = spec.path("user").asString("");
        List<String> groups = texts(spec.path("groups"));
        if (name.isEmpty() && groups.isEmpty()) {
            throw ApiException.invalid(
                    "authorization.k8s.io",
                    served.definition().kind(),
                    "",
                    List.of(FieldError.invalid("spec.user", "", "at least one of user or group must be specified")));
        }
        Map<String, List<String>> extra = new HashMap<>();
        spec.path("extra").properties().forEach(each -> extra.put(each.getKey(), texts(each.getValue())));
        return answer(review, new User(name, spec.path("uid").asString(""), groups, extra));
    }

    /** What may I? With an authorizer that can't list its rules the answer says that it is not everything. */
    Answer selfRules(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        ObjectNode status = review.root().putObject("status");
        ArrayNode resources = status.putArray("resourceRules");
        ArrayNode others = status.putArray("nonResourceRules");
        String namespace = review.at("spec", "namespace").asString("");
        Attributes everything = new Attributes("*", "*", "*", "*", "", namespace, "", "*");
        boolean all = authorizer.authorize(request.user(), everything) instanceof Decision.Allowed;
        if (all) {
            ObjectNode rule = resources.addObject();
            rule.putArray("verbs").add("*");
            rule.putArray("apiGroups").add("*");
            rule.putArray("resources").add("*");
            ObjectNode other = others.addObject();
            other.putArray("verbs").add("*");
            other.putArray("nonResourceURLs").add("*");
        }
        status.put("incomplete", !all);
        return new Answer.Document(201, review.root());
    }

    /** Whose token is this? */
    Answer token(ApiRequest request, Served served) {
        KubeObject review = Bodies.read(request, served, FieldValidation.IGNORE);
        ObjectNode status = review.root().putObject("status");
        List<String> audiences = texts(review.at("spec", "audiences"));
        if (audiences.isEmpty()) {
            audiences = List.of(ServiceAccountTokens.ISSUER);
        }
        try {
            Optional<User> user = tokens.review(review.at("spec", "token").asString(""), audiences);
            status.put("authenticated", user.isPresent());
            if (user.isPresent()) {
                writeUser(status.putObject("user"), user.get());
                ArrayNode granted = status.putArray("audiences");
                audiences.forEach(granted::add);
            }
        } catch (ApiException e) {
            status.put("authenticated", false);
            status.put("error", "invalid bearer token");
        }
        return new Answer.Document(201, review.root());
    }

    private Answer answer(KubeObject review, User user) {
        JsonNode spec = review.at("spec");
        JsonNode resource = spec.path("resourceAttributes");
        JsonNode path = spec.path("nonResourceAttributes");
        if (resource.isObject() == path.isObject()) {
            throw ApiException.invalid(
                    "authorization.k8s.io",
                    review.kind(),
                    "",
                    List.of(FieldError.invalid(
                            "spec.resourceAttributes",
                            "",
                            "exactly one of nonResourceAttributes or resourceAttributes must be specified")));
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
                        "")
                : new Attributes(text(path, "verb"), "", "", "", "", "", "", text(path, "path"));
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
