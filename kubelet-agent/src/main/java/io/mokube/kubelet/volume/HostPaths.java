package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.HostPathVolumeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files and folders of the host that pods use as they are. */
final class HostPaths {

    private HostPaths() {}

    /**
     * Makes sure that a path is what its type says, and makes it when the type says so.
     *
     * @throws VolumeException when it is something else
     */
    static Path prepare(String volume, HostPathVolumeSource source) throws IOException {
        Path path = Path.of(source.getPath());
        String type = source.getType() == null ? "" : source.getType();
        switch (type) {
            case "DirectoryOrCreate" -> Files.createDirectories(path);
            case "FileOrCreate" -> {
                if (!Files.exists(path)) {
                    Files.createFile(path);
                }
            }
            default -> {
                // The others only check.
            }
        }
        boolean fits =
                switch (type) {
                    case "Directory", "DirectoryOrCreate" -> Files.isDirectory(path);
                    case "File", "FileOrCreate" -> Files.isRegularFile(path);
                    case "Socket", "CharDevice", "BlockDevice" -> isSpecial(path, type);
                    default -> true;
                };
        if (!fits) {
            throw new VolumeException(
                    volume, "hostPath type check failed: " + path + " is not a " + describeType(type));
        }
        return path;
    }

    static boolean isSpecial(Path path, String type) throws IOException {
        if (!Files.exists(path)) {
            return false;
        }
        int format = (Integer) Files.getAttribute(path, "unix:mode") & 0170000;
        return format
                == switch (type) {
                    case "Socket" -> 0140000;
                    case "CharDevice" -> 0020000;
                    default -> 0060000;
                };
    }

    private static String describeType(String type) {
        return switch (type) {
            case "Directory", "DirectoryOrCreate" -> "directory";
            case "File", "FileOrCreate" -> "file";
            case "Socket" -> "socket file";
            case "CharDevice" -> "character device";
            default -> "block device";
        };
    }
}
