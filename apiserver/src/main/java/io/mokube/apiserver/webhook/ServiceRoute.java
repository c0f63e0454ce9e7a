package io.mokube.apiserver.webhook;

import java.util.Optional;

/** Finds where the port of a service can be reached from here. */
@FunctionalInterface
public interface ServiceRoute {

    /** Host and port, such as {@code 10.0.0.7:8443}; nothing when the service has no address or no ready endpoint. */
    Optional<String> find(String namespace, String service, int port);
}
