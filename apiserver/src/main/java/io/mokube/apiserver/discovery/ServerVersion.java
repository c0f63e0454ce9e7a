package io.mokube.apiserver.discovery;

import io.mokube.machinery.component.Release;
import io.mokube.machinery.object.Json;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/** Which Kubernetes API this server speaks, and which release of Mokube it is. */
public final class ServerVersion {

    private ServerVersion() {}

    /** The answer to {@code /version}. */
    static ObjectNode document() {
        ObjectNode version = Json.MAPPER.createObjectNode();
        version.put("major", Release.MAJOR);
        version.put("minor", Release.MINOR);
        version.put("emulationMajor", Release.MAJOR);
        version.put("emulationMinor", Release.MINOR);
        version.put("minCompatibilityMajor", Release.MAJOR);
        version.put("minCompatibilityMinor", "35");
        version.put("gitVersion", Release.GIT_VERSION);
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
