package io.mokube.apiserver.proxy;

import io.mokube.apiserver.request.Conversation;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries bytes both ways between a client and somebody who has agreed to go on in the protocol that it wants. */
final class Tunnel implements Conversation {

    private static final Logger log = LoggerFactory.getLogger(Tunnel.class);
    private static final int BUFFER_BYTES = 32 * 1024;

    private final Socket backend;
    private final InputStream fromBackend;

    /**
     * @param fromBackend what the backend says after its agreement
     */
    Tunnel(Socket backend, InputStream fromBackend) {
        this.backend = backend;
        this.fromBackend = fromBackend;
    }

    @Override
    public void talk(InputStream fromClient, OutputStream toClient) throws IOException {
        Thread answers = Thread.ofVirtual().name("tunnel").start(() -> {
            try (toClient) {
                copy(fromBackend, toClient);
            } catch (IOException e) {
                logEnd(e);
            } finally {
                abort();
            }
        });
        try {
            copy(fromClient, backend.getOutputStream());
        } finally {
            abort();
            answers.interrupt();
        }
    }

    private static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            to.write(buffer, 0, read);
            to.flush();
        }
    }

    /** For ever: whoever has stopped the output of his terminal has not gone away. */
    @Override
    public Duration stallTimeout() {
        return Duration.ZERO;
    }

    @Override
    public void abort() {
        try {
            backend.close();
        } catch (IOException e) {
            logEnd(e);
        }
    }

    private static void logEnd(IOException e) {
        log.atDebug()
                .setMessage("a tunnel ended")
                .addKeyValue("reason", e.getMessage())
                .log();
    }
}
