package io.mokube.ingress.route;

/**
 * A port of a service.
 *
 * @param port its number or its name, as the Ingress says
 */
public record Backend(String namespace, String service, String port) {

    @Override
    public String toString() {
        return namespace + "/" + service + ":" + port;
    }
}
