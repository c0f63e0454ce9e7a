package io.mokube.kubelet.runtime;

/** Names of images: Docker says {@code busybox:1} where Kubernetes' other runtimes say {@code docker.io/library/busybox:1}. */
public final class ImageNames {

    private static final String DEFAULT_TAG = "latest";

    private ImageNames() {}

    /** The name with its registry. */
    public static String full(String name) {
        int slash = name.indexOf('/');
        if (slash < 0) {
            return "docker.io/library/" + name;
        }
        String first = name.substring(0, slash);
        boolean registry = first.contains(".") || first.contains(":") || first.equals("localhost");
        return registry ? name : "docker.io/" + name;
    }

    /** The name with its registry and without tag and digest. */
    public static String repository(String name) {
        String whole = full(name).replaceFirst("@.*$", "");
        int colon = whole.indexOf(':', whole.lastIndexOf('/') + 1);
        return colon < 0 ? whole : whole.substring(0, colon);
    }

    /** The registry that the image is in. */
    public static String registry(String name) {
        String whole = full(name);
        return whole.substring(0, whole.indexOf('/'));
    }

    /**
     * A name split as a pull wants it.
     *
     * @param tag empty for a name with a digest
     */
    public record Pull(String repository, String tag) {}

    public static Pull pull(String reference) {
        if (reference.contains("@")) {
            return new Pull(reference, "");
        }
        int colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
        return colon < 0
                ? new Pull(reference, DEFAULT_TAG)
                : new Pull(reference.substring(0, colon), reference.substring(colon + 1));
    }
}
