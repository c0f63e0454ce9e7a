package io.mokube.client.rest;

/**
 * A request got no whole answer: the server is away, the connection was cut, time ran out or the calling thread was
 * interrupted (its flag is then set). Whether a write took place is unknown.
 */
public final class ConnectionException extends RuntimeException {

    public ConnectionException(String message) {
        super(message);
    }

    public ConnectionException(String message, Throwable cause) {
        super(message, cause);
    }
}
