package io.mokube.machinery.names;

/**
 * The name of one object of a resource: what work queues hold and reconcilers take.
 *
 * @param namespace the namespace, {@code ""} for cluster-scoped objects
 * @param name the name
 */
public record ObjectKey(String namespace, String name) {

    /** {@code namespace/name}, or the name alone for cluster-scoped objects. */
    @Override
    public String toString() {
        return namespace.isEmpty() ? name : namespace + "/" + name;
    }
}
