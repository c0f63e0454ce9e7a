package io.mokube.ingress;

import io.mokube.client.rest.ClientConfig;
import io.mokube.ingress.serve.Timeouts;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/**
 * How an ingress runs.
 *
 * @param client the API server and the ingress' credentials
 * @param instance this instance's name, the same after a restart and no other's
 * @param http where requests in the clear are taken; port 0 for any free one
 * @param https the same for requests over TLS
 * @param published the address at which the nodes' proxies reach this instance, which the service
 *     {@code kube-system/mokube-ingress} leads to; nothing for no such service
 * @param nodeName the node this instance runs on, if it does
 * @param timeouts how long endpoints may take
 * @param presence how instances know of each other's death
 */
public record IngressConfig(
        ClientConfig client,
        String instance,
        InetSocketAddress http,
        InetSocketAddress https,
        Optional<String> published,
        Optional<String> nodeName,
        Timeouts timeouts,
        Presence presence) {

    /**
     * @param renewal how often an instance says that it lives
     * @param expiry how long it may be silent before others take it out
     */
    public record Presence(Duration renewal, Duration expiry) {

        public static final Presence STANDARD = new Presence(Duration.ofSeconds(2), Duration.ofSeconds(6));
    }

    /** An instance at one address, on any free ports, which the service leads to. */
    public static IngressConfig at(ClientConfig client, String instance, String address) {
        return new IngressConfig(
                client,
                instance,
                new InetSocketAddress(address, 0),
                new InetSocketAddress(address, 0),
                Optional.of(address),
                Optional.empty(),
                Timeouts.STANDARD,
                Presence.STANDARD);
    }

    public IngressConfig onNode(String name) {
        return new IngressConfig(client, instance, http, https, published, Optional.of(name), timeouts, presence);
    }

    public IngressConfig withPresence(Presence times) {
        return new IngressConfig(client, instance, http, https, published, nodeName, timeouts, times);
    }
}
