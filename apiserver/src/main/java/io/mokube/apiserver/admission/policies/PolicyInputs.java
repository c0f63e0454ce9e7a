package io.mokube.apiserver.admission.policies;

import dev.cel.common.values.NullValue;
import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.match.Description;
import io.mokube.apiserver.admission.match.Match;
import io.mokube.apiserver.admission.policies.Binding.Parameters;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.authz.Authorizer.Attributes;
import io.mokube.apiserver.authz.Authorizer.Decision;
import io.mokube.apiserver.cel.AccessQuestion;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What expressions of policies may speak of: the write, the policy's parameters, and what the user may do. */
final class PolicyInputs {

    private final ClusterReader cluster;
    private final Authorizer authorizer;
    private final Function<GroupVersionKind, Optional<ResourceDefinition>> resources;

    /** @param resources finds the resource of a kind of parameters */
    PolicyInputs(
            ClusterReader cluster,
            Authorizer authorizer,
            Function<GroupVersionKind, Optional<ResourceDefinition>> resources) {
        this.cluster = cluster;
        this.authorizer = authorizer;
        this.resources = resources;
    }

    /** What is known of a write, by the names of the language, the objects in this version. */
    Map<String, Object> describe(AdmissionRequest request, String version) {
        Map<String, Object> write = new HashMap<>();
        write.put("object", PolicyValues.of(Description.inVersion(request, request.object(), version)));
        write.put("oldObject", PolicyValues.of(Description.inVersion(request, request.old(), version)));
        write.put("request", PolicyValues.of(Description.attributes(request, version)));
        write.put(
                "namespaceObject",
                request.namespace().isEmpty()
                        ? NullValue.NULL_VALUE
                        : PolicyValues.of(Match.namespace(request, cluster)));
        write.put("authorizer", new AccessQuestion(Map.of(), question -> answer(request.user(), question)));
        return write;
    }

    /** The objects the rules are asked with, one by one; a single null when the policy has no parameters. */
    List<Object> parameters(Policy policy, Binding binding, AdmissionRequest request) {
        if (policy.parameters().isEmpty() || binding.parameters().isEmpty()) {
            return List.of(NullValue.NULL_VALUE);
        }
        GroupVersionKind kind = policy.parameters().get();
        Parameters wanted = binding.parameters().get();
        ResourceDefinition resource = resources
                .apply(kind)
                .orElseThrow(() -> new Expression.FailedException("failed to find resource referenced by paramKind: '"
                        + kind.group() + "/" + kind.version() + ", Kind=" + kind.kind() + "'"));
        String namespace = "";
        if (resource.namespaced()) {
            namespace = wanted.namespace().isEmpty() ? request.namespace() : wanted.namespace();
            if (namespace.isEmpty()) {
                throw new Expression.FailedException(
                        "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
            }
        } else if (!wanted.namespace().isEmpty()) {
            throw new Expression.FailedException(
                    "paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
        }
        List<KubeObject> found = new ArrayList<>();
        if (!wanted.name().isEmpty()) {
            ObjectKey key = new ObjectKey(namespace, wanted.name());
            cluster.get(resource.groupResource(), key)
                    .or(() -> cluster.getFresh(resource.groupResource(), key))
                    .ifPresent(found::add);
        } else {
            cluster.list(resource.groupResource(), namespace).stream()
                    .filter(object -> wanted.selector().matches(object.labels()))
                    .forEach(found::add);
        }
        if (found.isEmpty() && wanted.deniesWithout()) {
            throw new Expression.FailedException(
                    "no params found for policy binding with `Deny` parameterNotFoundAction");
        }
        List<Object> parameters = new ArrayList<>();
        for (KubeObject object : found) {
            Description.convert(resource, object, kind.version());
            parameters.add(PolicyValues.of(object));
        }
        return parameters;
    }

    private AccessQuestion.Answer answer(User user, AccessQuestion question) {
        String account = question.part("serviceAccount");
        User asked = account.isEmpty() ? user : serviceAccount(account);
        Attributes attributes = question.part("path").isEmpty()
                ? new Attributes(
                        question.part("verb"),
                        question.part("group"),
                        "*",
                        question.part("resource"),
                        question.part("subresource"),
                        question.part("namespace"),
                        question.part("name"),
                        "",
                        "")
                : new Attributes(question.part("verb"), "", "", "", "", "", "", "", question.part("path"));
        return switch (authorizer.authorize(asked, attributes)) {
            case Decision.Allowed(String reason) -> new AccessQuestion.Answer(true, reason);
            case Decision.Denied(String reason) -> new AccessQuestion.Answer(false, reason);
        };
    }

    private static User serviceAccount(String account) {
        String namespace = account.substring(0, account.indexOf(':'));
        return new User(
                "system:serviceaccount:" + account,
                List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"));
    }
}
