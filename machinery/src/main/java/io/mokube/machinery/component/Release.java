package io.mokube.machinery.component;

/** Which Kubernetes API this is, and which release of Mokube. */
public final class Release {

    public static final String MAJOR = "1";
    public static final String MINOR = "36";

    /**
     * What clients take for the version of the server and of its nodes. Mokube's own stands behind a plus sign: behind a
     * dash it would count as a pre-release, which the version constraints of many Helm charts refuse.
     */
    public static final String GIT_VERSION = "v" + MAJOR + "." + MINOR + ".0+mokube.0.1.0";

    private Release() {}
}
