package io.mokube.kubelet.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A checkpoint's file is damaged, or of another kind. The message names it. */
public final class UnreadableException extends IOException {

    UnreadableException(Path file, String why, @Nullable Exception cause) {
        super("can't read the checkpoint " + file + ": " + why, cause);
    }
}
