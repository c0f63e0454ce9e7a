package io.mokube.apiserver.request;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** What goes on over a connection that has left HTTP. */
public interface Conversation {

    /**
     * Talks until the end; the connection is closed on return. Reads and writes block. Closing the output closes the
     * connection, after which reads end.
     */
    void talk(InputStream fromClient, OutputStream toClient) throws IOException;

    /** How long a write may wait for a client that does not read; zero for ever. */
    Duration stallTimeout();

    /** Lets go of everything at once; called by another thread, when the server stops, or never. */
    void abort();
}
