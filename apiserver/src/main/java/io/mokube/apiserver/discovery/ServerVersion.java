package io.mokube.apiserver.discovery;

import io.mokube.machinery.object.Json;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/** Which Kubernetes API this server speaks, and which release of Mokube it is. */
public final class ServerVersion {

    public static final String MAJOR = "1";
    public static final String MINOR = "36";
    private static final String KUBERNETES = "v" + MAJOR + "." + MINOR + ".0";

    /**
     * What clients take for the server's version. Mokube's own stands behind a plus sign: behind a dash it would count as
     * a pre-release, which the version constraints of many Helm charts refuse.
     */
    public static final String GIT_VERSION = KUBERNETES + "+mokube.0.1.0";

    private ServerVersion() {}

    /** The answer to {@code /version}. */
    static ObjectNode document() {
        ObjectNode version = Json.MAPPER.createObjectNode();
        version.put("major", MAJOR);
        version.put("minor", MINOR);
        version.put("emulationMajor", MAJOR);
        version.put("emulationMinor", MINOR);
        version.put("minCompatibilityMajor", MAJOR);
        version.put("minCompatibilityMinor", "35");
        version.put("gitVersion", GIT_VERSION);
        version.put("gitCommit", "");
        version.put("gitTreeState", "clean");
        version.put("buildDate", "1970-01-01T00:00:00Z");
        version.put("goVersion", "java" + Runtime.version().feature());
        version.put("compiler", "javac");
        version.put("platform", platform());
        return version;
    }

    /** The platform in Go's words, which clients expect. */
    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String architecture = System.getProperty("os.arch");
        return switch (architecture) {
            case "x86_64", "amd64" -> system + "/amd64";
            case "aarch64" -> system + "/arm64";
            default -> system + "/" + architecture;
        };
    }
}
