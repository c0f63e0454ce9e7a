package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.Authenticators;
import io.mokube.apiserver.authn.ServiceAccountTokens;
import io.mokube.apiserver.authz.Authorizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All verbs, by name. */
public final class Verbs {

    private Verbs() {}

    /**
     * What somebody else answers.
     *
     * @param log of a container
     * @param streams exec, attach and port-forward
     * @param proxy whatever a pod, a service or a kubelet answers to HTTP
     */
    public record NodeVerbs(Verb log, Verb streams, Verb proxy) {}

    /** What can be asked of resources themselves, and of subresources that take the object itself. */
    public static Map<String, Verb> ofObjects(Backend backend) {
        return Map.of(
                "get", new GetVerb(backend),
                "list", new ListVerb(backend),
                "watch", new WatchVerb(backend),
                "create", new CreateVerb(backend),
                "update", new UpdateVerb(backend),
                "patch", new PatchVerb(backend),
                "delete", new DeleteVerb(backend),
                "deletecollection", new DeleteCollectionVerb(backend));
    }

    /**
     * What is answered in a way of its own: by the name of a resource with its group, of a subresource with its resource,
     * or of a subresource of any resource; then by the name of the verb.
     */
    public static Map<String, Map<String, Verb>> particular(
            Backend backend,
            Authorizer authorizer,
            ServiceAccountTokens tokens,
            Authenticators authenticators,
            NodeVerbs nodes) {
        Verb binding = new BindingVerb(backend);
        Verb scale = new ScaleVerb(backend);
        ReviewVerbs reviews = new ReviewVerbs(authorizer, tokens, authenticators);
        Map<String, Map<String, Verb>> all = new HashMap<>();
        all.put("bindings", Map.of("create", binding));
        all.put("pods/binding", Map.of("create", binding));
        all.put("pods/eviction", Map.of("create", new EvictionVerb(backend)));
        all.put("pods/log", Map.of("get", nodes.log()));
        Map<String, Verb> streams = Map.of("get", nodes.streams(), "create", nodes.streams());
        for (String subresource : List.of("attach", "exec", "portforward")) {
            all.put("pods/" + subresource, streams);
        }
        Map<String, Verb> proxies = new HashMap<>();
        for (String verb : List.of("create", "delete", "get", "patch", "update")) {
            proxies.put(verb, nodes.proxy());
        }
        all.put("proxy", proxies);
        all.put("scale", Map.of("get", scale, "update", scale, "patch", scale));
        all.put("serviceaccounts/token", Map.of("create", new TokenVerb(backend, tokens)));
        all.put("selfsubjectreviews.authentication.k8s.io", Map.of("create", reviews::selfSubject));
        all.put("tokenreviews.authentication.k8s.io", Map.of("create", reviews::token));
        all.put("selfsubjectaccessreviews.authorization.k8s.io", Map.of("create", reviews::selfAccess));
        all.put("localsubjectaccessreviews.authorization.k8s.io", Map.of("create", reviews::localAccess));
        all.put("subjectaccessreviews.authorization.k8s.io", Map.of("create", reviews::access));
        all.put("selfsubjectrulesreviews.authorization.k8s.io", Map.of("create", reviews::selfRules));
        return all;
    }
}
