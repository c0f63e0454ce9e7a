package io.mokube.apiserver.ownership;

import java.util.List;
import java.util.Set;

/** The fields that are the server's, or the object's identity, and so no manager's. */
final class NeverOwned {

    private static final Set<String> TYPE = Set.of("apiVersion", "kind");
    private static final Set<String> METADATA = Set.of(
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion");

    private NeverOwned() {}

    /** Whether the field of this name below a path is nobody's, and so is what is in it. */
    static boolean test(List<String> path, String name) {
        return switch (path.size()) {
            case 0 -> TYPE.contains(name);
            case 1 -> METADATA.contains(name) && path.getFirst().equals("f:metadata");
            default -> false;
        };
    }

    /** Whether this path itself is nobody's, though what is below it may be somebody's. */
    static boolean test(List<String> path) {
        return path.isEmpty() || (path.size() == 1 && path.getFirst().equals("f:metadata"));
    }
}
