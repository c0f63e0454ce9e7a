package io.mokube.machinery.names;

/**
 * An API group and version, such as {@code apps/v1}; the core group is the empty string.
 *
 * @param group the group, {@code ""} for the core group
 * @param version the version
 */
public record GroupVersion(String group, String version) {

    /** Reads an {@code apiVersion}: {@code v1} or {@code apps/v1}. More than one slash stays in the version. */
    public static GroupVersion parse(String apiVersion) {
        int slash = apiVersion.indexOf('/');
        return slash < 0
                ? new GroupVersion("", apiVersion)
                : new GroupVersion(apiVersion.substring(0, slash), apiVersion.substring(slash + 1));
    }

    /** The form objects carry in {@code apiVersion}. */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** The root of this group version's paths: {@code /api/v1} or {@code /apis/apps/v1}. */
    public String path() {
        return group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
    }

    @Override
    public String toString() {
        return apiVersion();
    }
}
