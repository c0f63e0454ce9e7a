package io.mokube.it;

import io.mokube.kubelet.runtime.cri.ImageArchive;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An image that tells who reaches whom: by default it runs {@code serve}, which answers on port 8080 with its pod's name and
 * the address that it sees. Beside busybox it has what busybox can't do: {@code udp}, and {@code openssl} for TLS. Both
 * programs, and perl, which the first two are written in, are this machine's, with their libraries.
 */
final class ProbeImage {

    static final String NAME = "docker.io/mokube/probe:1";

    private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private ProbeImage() {}

    static ImageArchive archive() {
        Map<String, byte[]> files = new HashMap<>();
        for (String program : List.of("/usr/bin/perl", "/usr/bin/openssl")) {
            Needs.part(program, Files.isExecutable(Path.of(program)));
            add(files, program);
            Matcher libraries = LIBRARY.matcher(
                    Commands.run(List.of("ldd", program), Map.of(), PATIENCE).orFail());
            while (libraries.find()) {
                add(files, libraries.group(1));
            }
        }
        files.put("/bin/serve", script("serve"));
        files.put("/bin/udp", script("udp"));
        return ImageArchive.busybox(List.of("/bin/serve"), files);
    }

    private static void add(Map<String, byte[]> files, String path) {
        try {
            files.put(path, Files.readAllBytes(Path.of(path)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One of the image's own programs. */
    static byte[] script(String name) {
        try (InputStream script = Objects.requireNonNull(ProbeImage.class.getResourceAsStream("/probe/" + name))) {
            return script.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
