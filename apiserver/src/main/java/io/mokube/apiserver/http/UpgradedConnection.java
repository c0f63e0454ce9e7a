package io.mokube.apiserver.http;

import io.mokube.apiserver.request.Conversation;
import jakarta.servlet.http.WebConnection;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.apache.coyote.http11.upgrade.InternalHttpUpgradeHandler;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SSLSupport;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that Tomcat has handed over. The conversation runs on the request's own virtual thread and reads and writes
 * the socket blocking, so that Tomcat's poller looks at the socket only when somebody waits for it.
 */
public final class UpgradedConnection implements InternalHttpUpgradeHandler {

    private static final Logger log = LoggerFactory.getLogger(UpgradedConnection.class);

    /** How soon a blocked reader notices that the connection was closed by somebody else. */
    private static final Duration READ_POLL = Duration.ofSeconds(1);

    private @Nullable SocketWrapperBase<?> socket;
    private @Nullable Conversation conversation;
    private Set<UpgradedConnection> open = Set.of();
    private Runnable end = () -> {};
    private volatile boolean closed;

    /** For Tomcat, which makes it. */
    public UpgradedConnection() {}

    /**
     * Says what will be talked about; before the connection is handed over.
     *
     * @param all where it is to be found while it is open
     * @param whenOver run once, after the last word
     */
    void prepare(Conversation talk, Set<UpgradedConnection> all, Runnable whenOver) {
        end = whenOver;
        conversation = talk;
        open = all;
        open.add(this);
    }

    @Override
    public void setSocketWrapper(SocketWrapperBase<?> wrapper) {
        socket = wrapper;
    }

    @Override
    public void init(WebConnection unused) {
        SocketWrapperBase<?> on = Objects.requireNonNull(socket);
        Conversation talk = Objects.requireNonNull(conversation);
        long stall = talk.stallTimeout().toMillis();
        on.setReadTimeout(READ_POLL.toMillis());
        on.setWriteTimeout(stall == 0 ? -1 : stall);
        try {
            talk.talk(new Input(on), new Output(on));
        } catch (IOException e) {
            log.atDebug()
                    .setMessage("an upgraded connection broke")
                    .addKeyValue("reason", e.getMessage())
                    .log();
        } finally {
            closed = true;
            open.remove(this);
            end.run();
        }
    }

    /** Closes the connection while it is in use. */
    void abort() {
        Conversation talk = conversation;
        if (talk != null) {
            talk.abort();
        }
        close();
    }

    private void close() {
        closed = true;
        SocketWrapperBase<?> on = socket;
        if (on != null) {
            on.close();
        }
    }

    /** Called only when the conversation is over. */
    @Override
    public SocketState upgradeDispatch(SocketEvent status) {
        return SocketState.CLOSED;
    }

    @Override
    public void timeoutAsync(long now) {}

    @Override
    public void setSslSupport(@Nullable SSLSupport support) {}

    @Override
    public void pause() {}

    @Override
    public void destroy() {
        open.remove(this);
    }

    private final class Input extends InputStream {

        private final SocketWrapperBase<?> from;

        Input(SocketWrapperBase<?> from) {
            this.from = from;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int start, int length) throws IOException {
            Objects.checkFromIndexSize(start, length, target.length);
            if (length == 0) {
                return 0;
            }
            while (!closed) {
                try {
                    int read = from.read(true, target, start, length);
                    if (read != 0) {
                        return read;
                    }
                } catch (SocketTimeoutException e) {
                    // Nothing came; looks whether the connection is still wanted.
                } catch (EOFException e) {
                    return -1;
                }
            }
            return -1;
        }
    }

    private final class Output extends OutputStream {

        private final SocketWrapperBase<?> to;

        Output(SocketWrapperBase<?> to) {
            this.to = to;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] source, int start, int length) throws IOException {
            to.write(true, source, start, length);
        }

        @Override
        public void flush() throws IOException {
            to.flush(true);
        }

        @Override
        public void close() {
            UpgradedConnection.this.close();
        }
    }
}
