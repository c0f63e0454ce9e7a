package io.mokube.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A part of the machine that only one process of tests may use at a time. Within the process it may be used several times
 * at once; it is given back with the last {@link #release}, or when the process ends.
 */
final class MachineLock {

    private final Path file;
    private int users;
    private @Nullable FileChannel channel;

    /**
     * @param name the same in all processes
     */
    MachineLock(String name) {
        file = Path.of(System.getProperty("java.io.tmpdir"), "mokube-test-" + name + ".lock");
    }

    /** Waits for as long as another process has it. */
    synchronized void acquire() {
        try {
            if (users == 0) {
                channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                channel.lock();
            }
            users++;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends one use. */
    synchronized void release() {
        users--;
        if (users == 0 && channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            channel = null;
        }
    }
}
