package io.mokube.kubelet.runtime.cri;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A real image for places without a registry: a web server on port 8080 whose page names the pod that answered. It ends
 * at once when it is asked to.
 */
public final class DemoImage {

    /**
     * The image's name. It has a tag, because Kubernetes asks the registry anew for every {@code latest}, and there is
     * none to ask.
     */
    public static final String NAME = "docker.io/mokube/demo:1";

    /** The same image under another name, to change a Deployment's image to. */
    public static final String NEXT_NAME = "docker.io/mokube/demo:2";

    private static final String START = """
            #!/bin/sh
            # A first process gets only the signals that it asks for: else this one ends by SIGKILL, after the grace period.
            trap 'kill $! 2>/dev/null; exit 0' TERM
            # The host name is the pod's name, known only now.
            mkdir -p /www
            [ -f /www/index.html ] || echo "<!doctype html><title>Mokube</title><h1>Hello from $(hostname)</h1>" > /www/index.html
            echo "$(hostname) serves on port ${PORT:-8080}"
            httpd -f -v -p "${PORT:-8080}" -h /www &
            wait $!
            """;

    private DemoImage() {}

    /** Writes the image as an archive that {@code ctr images import} and {@code docker load} read. */
    public static void write(Path archive) {
        write(NAME, archive);
    }

    /** The same under another name, for tests that change an image. */
    public static void write(String name, Path archive) {
        ImageArchive.busybox(List.of("/bin/serve"), Map.of("/bin/serve", START.getBytes(StandardCharsets.UTF_8)))
                .write(name, archive);
    }
}
