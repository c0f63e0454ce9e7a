package io.mokube.ingress.serve;

import java.net.InetSocketAddress;
import java.util.List;

/** Where a request is to go. */
public sealed interface Target {

    /**
     * To one of these endpoints, the first that takes a connection.
     *
     * @param backend for messages
     * @param addresses where they are; unresolved ones are names that are still to be looked up
     * @param tls whether they speak TLS. Their certificates are not verified: they are mostly their own authority's
     */
    record Endpoints(String backend, List<InetSocketAddress> addresses, boolean tls) implements Target {}

    /** Nowhere: no rule fits. */
    record NoRoute() implements Target {}

    /** Nowhere now: its service has no endpoint that is ready, or is not there. */
    record NoEndpoint(String reason) implements Target {}

    /** Says where requests go. Called for each of them, on an event loop: it must not block. */
    @FunctionalInterface
    interface Router {

        /**
         * @param host the name in the request, without port; empty when it has none
         * @param path without the query
         */
        Target route(String host, String path);
    }
}
