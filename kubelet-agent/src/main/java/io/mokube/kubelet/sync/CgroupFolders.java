package io.mokube.kubelet.sync;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control groups that the runtime made for a pod: empty when its containers are gone, but never removed by it. */
final class CgroupFolders {

    private static final Logger log = LoggerFactory.getLogger(CgroupFolders.class);
    private static final Path ROOT = Path.of("/sys/fs/cgroup");

    private CgroupFolders() {}

    /** Removes the pod's group from every hierarchy; an empty name means there is none. */
    static void remove(String group) {
        if (group.isEmpty()) {
            return;
        }
        try (Stream<Path> hierarchies = Files.list(ROOT)) {
            List<Path> roots = Stream.concat(Stream.of(ROOT), hierarchies.filter(Files::isDirectory))
                    .toList();
            for (Path root : roots) {
                Path folder = root.resolve(group.substring(1));
                if (Files.isDirectory(folder)) {
                    removeTree(folder);
                }
            }
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("a pod's control group was not removed")
                    .addKeyValue("group", group)
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    /** Only folders are removed: the files in them are the kernel's and go with them. */
    private static void removeTree(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.filter(Files::isDirectory)
                    .sorted(Comparator.reverseOrder())
                    .toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
