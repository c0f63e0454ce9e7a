package io.mokube.machinery.names;

/** A resource whatever its version, such as {@code deployments.apps}: what error messages name. */
public record GroupResource(String group, String resource) {

    /** {@code pods} or {@code deployments.apps}, as Kubernetes prints it. */
    @Override
    public String toString() {
        return group.isEmpty() ? resource : resource + "." + group;
    }
}
