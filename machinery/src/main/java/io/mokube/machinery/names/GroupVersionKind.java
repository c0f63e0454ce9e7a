package io.mokube.machinery.names;

/** The kind of an object in one version of its group, such as {@code apps/v1 Deployment}. */
public record GroupVersionKind(String group, String version, String kind) {

    /** Reads the {@code apiVersion} and {@code kind} of an object. */
    public static GroupVersionKind of(String apiVersion, String kind) {
        GroupVersion groupVersion = GroupVersion.parse(apiVersion);
        return new GroupVersionKind(groupVersion.group(), groupVersion.version(), kind);
    }

    public GroupVersion groupVersion() {
        return new GroupVersion(group, version);
    }

    @Override
    public String toString() {
        return groupVersion().apiVersion() + ", Kind=" + kind;
    }
}
