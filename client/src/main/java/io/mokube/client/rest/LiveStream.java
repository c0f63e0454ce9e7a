package io.mokube.client.rest;

import io.mokube.machinery.time.Clock;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A body that counts as cut when nothing arrives for too long. A connection whose other end vanished without a word would
 * otherwise block its reader for ever.
 */
final class LiveStream extends FilterInputStream {

    private final Clock clock;
    private volatile Duration idleTimeout;
    private volatile boolean idle;
    private volatile long lastRead;
    private volatile boolean waiting;
    private volatile boolean closed;
    private Clock.@Nullable Timer timer;

    LiveStream(InputStream body, Duration idleTimeout, Clock clock) {
        super(body);
        this.clock = clock;
        this.idleTimeout = idleTimeout;
        this.lastRead = clock.nanoTime();
        arm(idleTimeout);
    }

    @Override
    public int read() throws IOException {
        begin();
        try {
            return in.read();
        } finally {
            end();
        }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        begin();
        try {
            return in.read(buffer, offset, length);
        } finally {
            end();
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            if (timer != null) {
                timer.cancel();
            }
        }
        in.close();
    }

    /** Whether the stream was closed because nothing arrived. */
    boolean wasIdle() {
        return idle;
    }

    /** Changes how long nothing may arrive; takes effect once the present time-out would be over. */
    void setIdleTimeout(Duration timeout) {
        idleTimeout = timeout;
    }

    private void begin() {
        lastRead = clock.nanoTime();
        waiting = true;
    }

    private void end() {
        waiting = false;
    }

    private synchronized void arm(Duration delay) {
        if (!closed) {
            timer = clock.schedule(delay, this::check);
        }
    }

    /** Only a reader that waits is cut loose; one that is busy with what it read has time. */
    private void check() {
        Duration silence = Duration.ofNanos(clock.nanoTime() - lastRead);
        if (waiting && silence.compareTo(idleTimeout) >= 0) {
            idle = true;
            try {
                close();
            } catch (IOException e) {
                // It is gone either way.
            }
            return;
        }
        arm(waiting ? idleTimeout.minus(silence) : idleTimeout);
    }
}
