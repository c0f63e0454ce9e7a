package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.dns.ClusterQueries;
import io.mokube.dns.answer.Replies;
import io.mokube.dns.forward.Forwarder;
import io.mokube.dns.server.DnsServer;
import io.mokube.dns.server.QueryHandler;
import io.mokube.dns.server.QueryHandler.Reaction;
import io.mokube.dns.server.ServerMetrics;
import io.mokube.dns.zone.ClusterZone;
import io.mokube.dns.zone.ZoneSettings;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;

/**
 * The cluster's name server with so many services of two endpoints each, or the same sockets and library with one answer for
 * every name: {@code zone COUNT} or {@code echo}.
 */
final class DnsMain {

    private static final byte[] ADDRESS = {10, 96, 0, 1};
    private static final String DOMAIN = "cluster.local";

    private DnsMain() {}

    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        Platform platform = Platform.system();
        QueryHandler handler =
                arguments[0].equals("echo") ? DnsMain::echo : zone(Integer.parseInt(arguments[1]), platform);
        try (DnsServer server = DnsServer.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                handler,
                DnsServer.Limits.STANDARD,
                new ServerMetrics(platform.meters(), ZoneSettings.of(DOMAIN).domain()),
                Clock.system())) {
            URI address = URI.create("dns://127.0.0.1:" + server.port());
            JavaSubject.sayReady(address, address);
            JavaSubject.serveParent();
        }
        System.exit(0);
    }

    private static Reaction echo(Message query) {
        Message reply = Replies.to(query, Rcode.NOERROR);
        reply.addRecord(new ARecord(query.getQuestion().getName(), DClass.IN, 5, ADDRESS), Section.ANSWER);
        return new Reaction.Reply(reply);
    }

    /** A service's name; ten namespaces share them. */
    static String service(int number) {
        return "service-" + number + ".space-" + number % 10 + ".svc." + DOMAIN + ".";
    }

    private static QueryHandler zone(int count, Platform platform) {
        ClusterZone zone = ClusterZone.empty(ZoneSettings.of(DOMAIN));
        for (int i = 0; i < count; i++) {
            String namespace = "space-" + i % 10;
            String name = "service-" + i;
            String address = "10.96." + (i >> 8 & 255) + "." + (i & 255);
            zone = zone.withService(
                    new ObjectKey(namespace, name),
                    new ServiceBuilder()
                            .withNewMetadata()
                            .withNamespace(namespace)
                            .withName(name)
                            .endMetadata()
                            .withNewSpec()
                            .withClusterIP(address)
                            .withClusterIPs(address)
                            .addNewPort()
                            .withName("http")
                            .withPort(80)
                            .endPort()
                            .endSpec()
                            .build(),
                    List.of(slice(i)));
        }
        ClusterZone complete = zone;
        Forwarder nobody = new Forwarder(List.of(), Forwarder.Limits.STANDARD, platform);
        return new ClusterQueries(() -> Optional.of(complete), nobody);
    }

    private static EndpointSlice slice(int number) {
        String network = "10." + (200 + (number >> 15)) + "." + (number >> 7 & 255) + ".";
        return new EndpointSliceBuilder()
                .withAddressType("IPv4")
                .addNewEndpoint()
                .withAddresses(network + (2 * number & 255))
                .endEndpoint()
                .addNewEndpoint()
                .withAddresses(network + (2 * number + 1 & 255))
                .endEndpoint()
                .build();
    }
}
