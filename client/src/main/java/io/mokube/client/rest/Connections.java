package io.mokube.client.rest;

import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * HTTP/2 connections shared by many streams. Servers allow about a hundred streams on a connection, and the JDK's client
 * fails those beyond: so requests wait for a free stream, and watches, which stay, open further connections.
 */
final class Connections {

    private static final int MOST_STREAMS = 90;

    private final Supplier<HttpClient> open;
    private final HttpClient requests;
    private final Semaphore requestStreams = new Semaphore(MOST_STREAMS);
    private final List<WatchConnection> watches = new ArrayList<>();
    private boolean closed;

    Connections(Supplier<HttpClient> open) {
        this.open = open;
        this.requests = open.get();
    }

    /** A stream of a connection, to be given back. */
    interface Lease extends AutoCloseable {

        HttpClient client();

        @Override
        void close();
    }

    /** Waits for a stream for a request. */
    Lease request() throws InterruptedException {
        requestStreams.acquire();
        return new RequestLease();
    }

    /** A stream for a watch, on a connection of its own kind so that a large list never holds back a watch. */
    synchronized Lease watch() {
        if (closed) {
            throw new ConnectionException("the client is closed");
        }
        for (WatchConnection connection : watches) {
            if (connection.streams < MOST_STREAMS) {
                return new WatchLease(connection);
            }
        }
        WatchConnection connection = new WatchConnection(open.get());
        watches.add(connection);
        return new WatchLease(connection);
    }

    synchronized void close() {
        closed = true;
        requests.shutdownNow();
        watches.forEach(connection -> connection.client.shutdownNow());
    }

    private final class RequestLease implements Lease {
        @Override
        public HttpClient client() {
            return requests;
        }

        @Override
        public void close() {
            requestStreams.release();
        }
    }

    private static final class WatchConnection {
        private final HttpClient client;
        private int streams;

        WatchConnection(HttpClient client) {
            this.client = client;
        }
    }

    private final class WatchLease implements Lease {
        private final WatchConnection connection;
        private boolean returned;

        /** Called with the lock held. */
        WatchLease(WatchConnection connection) {
            this.connection = connection;
            connection.streams++;
        }

        @Override
        public HttpClient client() {
            return connection.client;
        }

        @Override
        public void close() {
            synchronized (Connections.this) {
                if (!returned) {
                    returned = true;
                    connection.streams--;
                }
            }
        }
    }
}
