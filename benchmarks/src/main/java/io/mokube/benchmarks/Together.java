package io.mokube.benchmarks;

import java.net.URI;
import java.time.Duration;

/**
 * A server and what it needs to serve, whose CPU time counts with it. Closing it closes neither.
 *
 * @param server the one that is asked
 * @param backend the one that it asks
 */
record Together(Subject server, Subject backend) implements Subject {

    @Override
    public String name() {
        return server.name();
    }

    @Override
    public URI target() {
        return server.target();
    }

    @Override
    public Duration cpu() {
        return server.cpu().plus(backend.cpu());
    }

    @Override
    public void close() {}
}
