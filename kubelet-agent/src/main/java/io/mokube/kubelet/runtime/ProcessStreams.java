package io.mokube.kubelet.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * What goes into a process and comes out of it. Reads and writes block; the runtime writes as fast as is read.
 *
 * @param tty whether the process has a terminal, which joins its two outputs
 * @param stdin null when the process gets no input; its end is the end of the process' input
 * @param stdout null when nobody wants it
 * @param stderr null when nobody wants it, and always with a terminal
 * @param resizes the sizes of the terminal
 */
public record ProcessStreams(
        boolean tty,
        @Nullable InputStream stdin,
        @Nullable OutputStream stdout,
        @Nullable OutputStream stderr,
        Resizes resizes) {

    /** The sizes that a terminal takes on. */
    @FunctionalInterface
    public interface Resizes {

        /** A terminal that keeps its size, or none. */
        Resizes NONE = () -> null;

        /** Waits for the next size; null when no more come. */
        @Nullable
        TerminalSize next() throws IOException;
    }

    /** In characters. */
    public record TerminalSize(int width, int height) {}
}
