package io.mokube.apiserver.verbs;

import java.util.Map;

/** All verbs, by name. */
public final class Verbs {

    private Verbs() {}

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

    /** What can be asked of subresources that take something else, by their name and the verb's. */
    public static Map<String, Map<String, Verb>> ofSubresources(Backend backend) {
        return Map.of();
    }
}
