package io.mokube.kubelet.runtime.cri;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The image of a sandbox's own process: it holds the namespaces and does nothing. */
public final class PauseImage {

    public static final String NAME = "mokube.io/pause:1";

    // init's duty in a shared process namespace is to reap; sleep is enough to hold the others
    private static final List<String> COMMAND =
            List.of("/bin/sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait; done");

    private PauseImage() {}

    /** Writes the image as an archive that {@code ctr images import} and {@code docker load} read. */
    public static void write(Path archive) {
        ImageArchive.busybox(COMMAND, Map.of()).write(NAME, archive);
    }
}
