package io.mokube.dns;

import io.mokube.client.rest.ClientConfig;
import io.mokube.dns.endpoint.EndpointConfig;
import io.mokube.dns.forward.Forwarder;
import io.mokube.dns.server.DnsServer;
import io.mokube.dns.zone.ZoneSettings;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * How one instance of the cluster's name server is to run.
 *
 * @param client the API server, and who the name server is there
 * @param zone the cluster's domain
 * @param listen where queries are taken; port 0 takes any free one
 * @param upstreams who is asked for other names, in this order
 * @param limits how much is taken on at once
 * @param forwarding how long answers of others are kept
 * @param endpoint how the instance makes itself known; absent when nobody is to find it by the service
 */
public record ClusterDnsConfig(
        ClientConfig client,
        ZoneSettings zone,
        InetSocketAddress listen,
        List<InetSocketAddress> upstreams,
        DnsServer.Limits limits,
        Forwarder.Limits forwarding,
        Optional<EndpointConfig> endpoint) {

    /** The tenth address of Kubernetes' usual range of services. */
    public static final String DEFAULT_SERVICE_ADDRESS = "10.96.0.10";

    public static final String DEFAULT_DOMAIN = "cluster.local";

    public ClusterDnsConfig {
        upstreams = List.copyOf(upstreams);
    }

    /** With the usual domain and limits, unknown to the service. */
    public static ClusterDnsConfig of(ClientConfig client, InetSocketAddress listen) {
        return new ClusterDnsConfig(
                client,
                ZoneSettings.of(DEFAULT_DOMAIN),
                listen,
                List.of(),
                DnsServer.Limits.STANDARD,
                Forwarder.Limits.STANDARD,
                Optional.empty());
    }

    public ClusterDnsConfig withZone(ZoneSettings settings) {
        return new ClusterDnsConfig(client, settings, listen, upstreams, limits, forwarding, endpoint);
    }

    public ClusterDnsConfig withUpstreams(List<InetSocketAddress> servers) {
        return new ClusterDnsConfig(client, zone, listen, servers, limits, forwarding, endpoint);
    }

    public ClusterDnsConfig withEndpoint(EndpointConfig made) {
        return new ClusterDnsConfig(client, zone, listen, upstreams, limits, forwarding, Optional.of(made));
    }
}
