package io.mokube.apiserver.authz;

import io.mokube.apiserver.authn.User;
import java.util.List;

/** Decides whether a user may do something. Cheap, and safe for use by many threads. */
public interface Authorizer {

    Decision authorize(User user, Attributes attributes);

    /** What a user may do in a namespace, {@code ""} for what holds everywhere. */
    Held rules(User user, String namespace);

    /**
     * What is asked.
     *
     * @param verb get, list, watch, create, update, patch, delete, deletecollection, or an HTTP method in lower case
     *     for paths that are no resources
     * @param group the API group, {@code ""} for the core group
     * @param version the API version
     * @param resource the plural, {@code ""} for paths that are no resources
     * @param subresource such as {@code status}, {@code ""} for none
     * @param namespace {@code ""} for cluster-scoped requests and requests across namespaces
     * @param name the object, {@code ""} when the request names none
     * @param fieldSelector as the request has it, not parsed yet, {@code ""} for none
     * @param path the whole path
     */
    record Attributes(
            String verb,
            String group,
            String version,
            String resource,
            String subresource,
            String namespace,
            String name,
            String fieldSelector,
            String path) {

        /** A question about one object, or all of a kind. */
        public static Attributes ofResource(String verb, String group, String resource, String namespace, String name) {
            return new Attributes(verb, group, "*", resource, "", namespace, name, "", "");
        }

        public boolean isResourceRequest() {
            return !resource.isEmpty();
        }

        /** The same question about another verb. */
        public Attributes withVerb(String other) {
            return new Attributes(other, group, version, resource, subresource, namespace, name, fieldSelector, path);
        }
    }

    /** What was decided. */
    sealed interface Decision {

        /** Yes, for this reason ({@code ""} where nothing is worth saying). */
        record Allowed(String reason) implements Decision {}

        /** No, for this reason ({@code ""} where nothing is worth saying). */
        record Denied(String reason) implements Decision {}
    }

    /**
     * The rules that apply to a user.
     *
     * @param problems why these may not be all, empty when they are
     */
    record Held(List<PolicyRule> rules, List<String> problems) {

        static final Held NOTHING = new Held(List.of(), List.of());

        public Held {
            rules = List.copyOf(rules);
            problems = List.copyOf(problems);
        }
    }
}
