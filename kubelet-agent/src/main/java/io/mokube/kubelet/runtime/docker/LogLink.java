package io.mokube.kubelet.runtime.docker;

import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The link at a container's log path to the file that Docker writes. */
final class LogLink {

    private LogLink() {}

    /**
     * Makes it when it is not there, which may also be because the agent was killed after it had started the container.
     *
     * @param target null or empty while Docker has none
     */
    static void make(Path link, @Nullable String target) {
        Path folder = link.getParent();
        if (target == null
                || target.isEmpty()
                || Files.exists(link, LinkOption.NOFOLLOW_LINKS)
                || folder == null
                || !Files.isDirectory(folder)) {
            return;
        }
        try {
            Files.createSymbolicLink(link, Path.of(target));
        } catch (FileAlreadyExistsException e) {
            // Another thread was quicker.
            return;
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.FAILED, "can't link the log " + link + ": " + e.getMessage(), e);
        }
    }
}
