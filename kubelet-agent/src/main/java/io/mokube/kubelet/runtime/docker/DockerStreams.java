package io.mokube.kubelet.runtime.docker;

import io.mokube.kubelet.runtime.ProcessStreams;
import io.mokube.kubelet.runtime.ProcessStreams.TerminalSize;
import io.mokube.kubelet.runtime.RuntimeCallException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Carries bytes between a process and those who use it. Without a terminal, Docker puts before each piece of output which
 * stream it is of (one byte, three unused) and its length (four bytes).
 */
final class DockerStreams {

    private static final int HEADER = 8;
    private static final int BLOCK = 32 * 1024;
    private static final int STDERR = 2;

    private DockerStreams() {}

    /**
     * Carries until the engine ends the connection: with the process, and with an attachment's container.
     *
     * @param endInput whether the end of the input is the process' to know. Where it is not, Docker takes the end for a wish
     *     to leave
     * @param resize told each size of the terminal
     */
    static void carry(
            HijackedConnection connection, ProcessStreams streams, boolean endInput, Consumer<TerminalSize> resize)
            throws IOException {
        List<Thread> helpers = new ArrayList<>();
        try {
            InputStream stdin = streams.stdin();
            if (stdin != null) {
                helpers.add(start("docker-stdin", () -> {
                    stdin.transferTo(connection.output());
                    if (endInput) {
                        connection.output().close();
                    }
                }));
            }
            if (streams.tty()) {
                helpers.add(start("docker-resize", () -> {
                    ProcessStreams.Resizes sizes = streams.resizes();
                    for (TerminalSize size = sizes.next(); size != null; size = sizes.next()) {
                        resize.accept(size);
                    }
                }));
                copy(connection.input(), streams.stdout());
            } else {
                split(connection.input(), streams.stdout(), streams.stderr());
            }
        } finally {
            connection.close();
            helpers.forEach(Thread::interrupt);
        }
    }

    private static void copy(InputStream from, @Nullable OutputStream to) throws IOException {
        byte[] block = new byte[BLOCK];
        for (int count = from.read(block); count >= 0; count = from.read(block)) {
            write(to, block, count);
        }
    }

    private static void split(InputStream from, @Nullable OutputStream stdout, @Nullable OutputStream stderr)
            throws IOException {
        byte[] block = new byte[BLOCK];
        byte[] header = from.readNBytes(HEADER);
        while (header.length == HEADER) {
            OutputStream to = header[0] == STDERR ? stderr : stdout;
            int left = ByteBuffer.wrap(header).getInt(4);
            while (left > 0) {
                int count = from.read(block, 0, Math.min(left, block.length));
                if (count < 0) {
                    return;
                }
                write(to, block, count);
                left -= count;
            }
            header = from.readNBytes(HEADER);
        }
    }

    private static void write(@Nullable OutputStream to, byte[] block, int count) throws IOException {
        if (to != null) {
            to.write(block, 0, count);
            to.flush();
        }
    }

    /** Something that goes on beside the output. */
    @FunctionalInterface
    private interface Helping {
        void run() throws IOException;
    }

    private static Thread start(String name, Helping helping) {
        return Thread.ofVirtual().name(name).start(() -> {
            try {
                helping.run();
            } catch (IOException | RuntimeCallException e) {
                // The process or its user is gone: the end of the output tells of it.
                return;
            }
        });
    }
}
