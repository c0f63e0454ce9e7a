package io.mokube.dns;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.rest.ApiClient;
import io.mokube.dns.endpoint.EndpointKeeper;
import io.mokube.dns.forward.Forwarder;
import io.mokube.dns.forward.SocketUpstream;
import io.mokube.dns.server.DnsServer;
import io.mokube.dns.server.ServerMetrics;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.component.Release;
import java.io.IOException;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's name server, as CoreDNS is for Kubernetes: answers names of services and pods from what it watches, and
 * asks others for other names. Instances know nothing of each other but their endpoints. It answers as soon as it has
 * listed everything once, and goes on answering while the API server is away.
 */
public final class ClusterDns implements Component {

    private static final Logger log = LoggerFactory.getLogger(ClusterDns.class);
    private static final Duration RETRY = Duration.ofMillis(500);
    private static final Duration SYNC_POLL = Duration.ofSeconds(10);
    private static final Duration UPSTREAM_PATIENCE = Duration.ofSeconds(2);

    private final ClusterDnsConfig config;
    private final Platform platform;
    private @Nullable Running running;

    public ClusterDns(ClusterDnsConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
    }

    @Override
    public String name() {
        return "cluster-dns";
    }

    @Override
    public synchronized void start() {
        if (running != null) {
            throw new IllegalStateException("the name server was started before");
        }
        try {
            running = new Running(config, platform);
        } catch (IllegalArgumentException e) {
            throw new ComponentException(
                    "The name server can't use its credentials for " + config.client() + ": " + e.getMessage(), e);
        }
        running.start();
    }

    @Override
    public Readiness readiness() {
        Running current = current();
        return current == null ? Readiness.waitingFor("the name server was not started") : current.readiness();
    }

    /** Where queries are taken; 0 while the address is not there yet. */
    public int port() {
        Running current = current();
        DnsServer server = current == null ? null : current.server;
        return server == null ? 0 : server.port();
    }

    private synchronized @Nullable Running current() {
        return running;
    }

    @Override
    public void stop(Duration grace) {
        Running current;
        synchronized (this) {
            current = running;
            running = null;
        }
        if (current != null) {
            current.stop();
        }
    }

    /** The parts of a started instance. */
    private static final class Running {

        private final ClusterDnsConfig config;
        private final Platform platform;
        private final ApiClient client;
        private final InformerFactory informers;
        private final ZoneFeed feed;
        private final ClusterQueries queries;
        private @Nullable Thread opening;
        private volatile boolean synced;
        private volatile @Nullable DnsServer server;
        private @Nullable EndpointKeeper keeper;
        private boolean stopped;

        Running(ClusterDnsConfig config, Platform platform) {
            this.config = config;
            this.platform = platform;
            client = new ApiClient(config.client().withUserAgent("cluster-dns/" + Release.GIT_VERSION), platform);
            informers = new InformerFactory(client);
            feed = new ZoneFeed(config.zone(), informers);
            Forwarder forwarder = new Forwarder(upstreams(), config.forwarding(), platform);
            // A name that is not known yet must not be denied.
            queries = new ClusterQueries(() -> synced ? Optional.of(feed.zone()) : Optional.empty(), forwarder);
        }

        /** Never ourselves: a machine whose resolv.conf names the cluster's own name server would ask in a circle. */
        private List<SocketUpstream> upstreams() {
            String service =
                    config.endpoint().map(each -> each.serviceAddress()).orElse("");
            List<SocketUpstream> others = config.upstreams().stream()
                    .filter(each -> !each.equals(config.listen())
                            && !each.getAddress().getHostAddress().equals(service))
                    .map(each -> new SocketUpstream(each, UPSTREAM_PATIENCE, platform.clock()))
                    .toList();
            if (others.size() < config.upstreams().size()) {
                log.atWarn()
                        .setMessage("one of the name servers to ask is this one, and is not asked")
                        .addKeyValue("servers", config.upstreams())
                        .log();
            }
            return others;
        }

        void start() {
            if (addressIsThere()) {
                server = open();
            }
            informers.start();
            opening = Thread.ofVirtual().name("dns opening").start(this::becomeReady);
        }

        private boolean addressIsThere() {
            try {
                return config.listen().getAddress().isAnyLocalAddress()
                        || NetworkInterface.getByInetAddress(config.listen().getAddress()) != null;
            } catch (IOException e) {
                return false;
            }
        }

        private DnsServer open() {
            ServerMetrics metrics =
                    new ServerMetrics(platform.meters(), config.zone().domain());
            DnsServer opened = DnsServer.open(config.listen(), queries, config.limits(), metrics, platform.clock());
            log.atInfo()
                    .setMessage("name server started")
                    .addKeyValue("address", config.listen().getAddress().getHostAddress())
                    .addKeyValue("port", opened.port())
                    .addKeyValue("asking", config.upstreams())
                    .log();
            return opened;
        }

        private void becomeReady() {
            try {
                DnsServer open = server;
                while (open == null) {
                    // The bridge that has the address may come with the first pod.
                    platform.clock().sleep(RETRY);
                    if (addressIsThere()) {
                        open = openLate();
                    }
                }
                while (!informers.awaitSynced(SYNC_POLL)) {
                    log.atInfo()
                            .setMessage("waiting for the first lists")
                            .addKeyValue("of", informers.notSynced())
                            .log();
                }
                synced = true;
                publish(open.port());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private @Nullable DnsServer openLate() {
            try {
                DnsServer opened = open();
                synchronized (this) {
                    if (stopped) {
                        opened.close();
                    } else {
                        server = opened;
                    }
                }
                return opened;
            } catch (ComponentException e) {
                log.atWarn()
                        .setMessage("the name server waits for its address")
                        .addKeyValue("reason", e.getMessage())
                        .log();
                return null;
            }
        }

        private synchronized void publish(int port) {
            if (!stopped && config.endpoint().isPresent()) {
                EndpointKeeper made = new EndpointKeeper(
                        config.endpoint().get(),
                        config.zone().service(),
                        port,
                        client,
                        informers.informer(Service.class).store(),
                        informers.informer(EndpointSlice.class).store(),
                        platform);
                keeper = made;
                made.start();
            }
        }

        Readiness readiness() {
            if (server == null) {
                return Readiness.waitingFor("the address " + config.listen());
            }
            if (!synced) {
                return Readiness.waitingFor("the first list of " + String.join(", ", informers.notSynced()));
            }
            EndpointKeeper known;
            synchronized (this) {
                known = keeper;
            }
            return config.endpoint().isEmpty() || (known != null && known.published())
                    ? Readiness.READY
                    : Readiness.waitingFor(
                            "its place among the endpoints of " + config.zone().service());
        }

        void stop() {
            EndpointKeeper known;
            synchronized (this) {
                stopped = true;
                known = keeper;
            }
            if (opening != null) {
                opening.interrupt();
            }
            // First nobody is sent here any more, then nobody is answered.
            if (known != null) {
                known.close();
            }
            DnsServer open = server;
            if (open != null) {
                open.close();
            }
            informers.close();
            client.close();
            log.atInfo().setMessage("name server stopped").log();
        }
    }
}
