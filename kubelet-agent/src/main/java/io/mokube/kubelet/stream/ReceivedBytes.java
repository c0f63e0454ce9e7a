package io.mokube.kubelet.stream;

import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * What has come in of a stream and was not read yet. One side adds and never waits; one thread reads and waits. Whoever
 * owns the connection is told when too much lies here, and stops reading from it.
 */
public final class ReceivedBytes extends InputStream {

    /** From here on nothing more should come. */
    static final int FULL_BYTES = 256 * 1024;

    private final Consumer<Boolean> onFull;
    private final Queue<byte[]> chunks = new ArrayDeque<>();
    private int offset;
    private int size;
    private boolean full;
    private boolean ended;
    private boolean closed;

    /**
     * @param onFull called with true when nothing more should come, with false when more may; holding the lock of this
     *     object, by whichever thread adds or reads
     */
    ReceivedBytes(Consumer<Boolean> onFull) {
        this.onFull = onFull;
    }

    /** Adds bytes, which are kept and not copied. What comes after the end, or when nobody reads any more, is dropped. */
    synchronized void add(byte[] bytes) {
        if (closed || ended || bytes.length == 0) {
            return;
        }
        chunks.add(bytes);
        size += bytes.length;
        if (!full && size >= FULL_BYTES) {
            full = true;
            onFull.accept(true);
        }
        notifyAll();
    }

    /** Nothing more comes. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public int read() throws InterruptedIOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * Waits for bytes, or for the end.
     *
     * @throws InterruptedIOException when the thread is interrupted meanwhile; it stays marked as interrupted
     */
    @Override
    public synchronized int read(byte[] target, int start, int length) throws InterruptedIOException {
        Objects.checkFromIndexSize(start, length, target.length);
        if (length == 0) {
            return 0;
        }
        while (size == 0) {
            if (ended || closed) {
                return -1;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                InterruptedIOException gaveUp = new InterruptedIOException("interrupted while waiting for input");
                gaveUp.initCause(e);
                throw gaveUp;
            }
        }
        int copied = 0;
        while (copied < length && size > 0) {
            byte[] first = Objects.requireNonNull(chunks.peek());
            int count = Math.min(length - copied, first.length - offset);
            System.arraycopy(first, offset, target, start + copied, count);
            copied += count;
            offset += count;
            size -= count;
            if (offset == first.length) {
                chunks.remove();
                offset = 0;
            }
        }
        relieve();
        return copied;
    }

    @Override
    public synchronized int available() {
        return size;
    }

    /** Nobody reads any more: what is here and what comes is dropped. */
    @Override
    public synchronized void close() {
        closed = true;
        chunks.clear();
        offset = 0;
        size = 0;
        relieve();
        notifyAll();
    }

    private void relieve() {
        if (full && size <= FULL_BYTES / 2) {
            full = false;
            onFull.accept(false);
        }
    }
}
