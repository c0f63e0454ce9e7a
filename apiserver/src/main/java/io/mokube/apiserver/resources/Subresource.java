package io.mokube.apiserver.resources;

import io.mokube.machinery.names.GroupVersionKind;
import java.util.Set;

/**
 * Something below an object's path, such as {@code status}.
 *
 * @param name the last segment of the path
 * @param kind what kind of object goes over the wire; the resource's own for {@code status}
 * @param verbs what may be asked of it, in Kubernetes' lower-case words
 */
public record Subresource(String name, GroupVersionKind kind, Set<String> verbs) {

    public Subresource {
        verbs = Set.copyOf(verbs);
    }
}
