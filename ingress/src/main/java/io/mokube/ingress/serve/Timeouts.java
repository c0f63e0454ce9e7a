package io.mokube.ingress.serve;

import java.time.Duration;

/**
 * How long the ingress waits.
 *
 * @param connect for an endpoint to take a connection; then the next one is tried
 * @param silence for an endpoint that says nothing while a request is under way
 */
public record Timeouts(Duration connect, Duration silence) {

    public static final Timeouts STANDARD = new Timeouts(Duration.ofSeconds(2), Duration.ofSeconds(60));
}
