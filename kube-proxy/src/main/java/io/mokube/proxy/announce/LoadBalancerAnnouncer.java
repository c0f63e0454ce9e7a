package io.mokube.proxy.announce;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes this machine answer at those addresses of services of type LoadBalancer that its node owns, as the speakers of
 * bare-metal balancers do, without an election: all nodes watch the same objects and compute the same owner. It looks
 * again every half minute whether the addresses are still there. When it stops, this machine has none of them any more.
 */
public final class LoadBalancerAnnouncer implements Component {

    private static final Logger log = LoggerFactory.getLogger(LoadBalancerAnnouncer.class);
    private static final Duration PERIOD = Duration.ofSeconds(30);
    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String BY_SERVICE = "service";
    private static final String ALL = "addresses";

    private final AnnouncerConfig config;
    private final Platform platform;
    private @Nullable Running running;

    public LoadBalancerAnnouncer(AnnouncerConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
    }

    /** Removes the addresses of an announcer that does not run any more. */
    public static void removeAddresses(String device) {
        new Links(Optional.empty(), device).removeAll();
    }

    @Override
    public String name() {
        return "load-balancer-announcer";
    }

    @Override
    public synchronized void start() {
        if (running != null) {
            throw new IllegalStateException("the announcer was started before");
        }
        try {
            running = new Running(config, platform);
        } catch (IllegalArgumentException e) {
            throw new ComponentException(
                    "The announcer can't use its credentials for " + config.client() + ": " + e.getMessage(), e);
        }
        running.start();
    }

    @Override
    public synchronized Readiness readiness() {
        if (running == null) {
            return Readiness.waitingFor("the announcer was not started");
        }
        return running.settled ? Readiness.READY : Readiness.waitingFor("the first look at services and nodes");
    }

    @Override
    public void stop(Duration grace) {
        Running current;
        synchronized (this) {
            current = running;
            running = null;
        }
        if (current != null) {
            current.stop(grace);
        }
    }

    /** The parts of a started announcer. */
    private static final class Running {

        private final AnnouncerConfig config;
        private final ApiClient client;
        private final InformerFactory informers;
        private final Informer<Service> services;
        private final Informer<EndpointSlice> slices;
        private final Informer<Node> nodes;
        private final Links links;
        private final ReconcileLoop<String> loop;
        private volatile boolean settled;

        Running(AnnouncerConfig config, Platform platform) {
            this.config = config;
            client = new ApiClient(config.client(), platform);
            informers = new InformerFactory(client);
            services = informers.informer(Service.class);
            slices = informers.informer(EndpointSlice.class);
            nodes = informers.informer(Node.class);
            links = new Links(config.networkNamespace(), config.device());
            loop = new ReconcileLoop<>("load-balancer-announcer", 1, key -> settle(), platform);
            slices.addIndex(BY_SERVICE, slice -> serviceOf(slice).map(List::of).orElse(List.of()));
            services.addHandler(Handler.each(service -> changed()));
            nodes.addHandler(Handler.each(node -> changed()));
            slices.addHandler(Handler.each(slice -> changed()));
        }

        private static Optional<String> serviceOf(EndpointSlice slice) {
            Map<String, String> labels = slice.getMetadata().getLabels();
            return Optional.ofNullable(labels == null ? null : labels.get(SERVICE_NAME))
                    .map(name -> slice.getMetadata().getNamespace() + "/" + name);
        }

        private void changed() {
            loop.queue().addAfter(ALL, Duration.ofMillis(50)); // many changes are looked at together
        }

        void start() {
            informers.start();
            loop.start();
            changed();
        }

        private Outcome settle() {
            if (!informers.notSynced().isEmpty()) {
                return Outcome.again(Duration.ofMillis(100));
            }
            Set<IpAddress> wanted = wanted();
            Set<IpAddress> present = links.present();
            for (IpAddress address : minus(present, wanted)) {
                links.remove(address);
                log.atInfo()
                        .setMessage("gave up a load balancer's address")
                        .addKeyValue("address", address)
                        .log();
            }
            for (IpAddress address : minus(wanted, present)) {
                links.add(address);
                log.atInfo()
                        .setMessage("took a load balancer's address")
                        .addKeyValue("address", address)
                        .log();
            }
            settled = true;
            return Outcome.again(PERIOD);
        }

        private Set<IpAddress> wanted() {
            Set<IpAddress> wanted = new HashSet<>();
            List<Node> all = nodes.store().list();
            for (Service service : services.store().list()) {
                List<IpAddress> addresses = Owners.addresses(service);
                if (addresses.isEmpty()) {
                    continue;
                }
                String key = service.getMetadata().getNamespace() + "/"
                        + service.getMetadata().getName();
                Set<String> candidates =
                        Owners.candidates(service, slices.store().byIndex(BY_SERVICE, key), all);
                for (IpAddress address : addresses) {
                    Owners.of(address, candidates)
                            .filter(config.nodeNames()::contains)
                            .ifPresent(owner -> wanted.add(address));
                }
            }
            return wanted;
        }

        private static Set<IpAddress> minus(Set<IpAddress> from, Set<IpAddress> others) {
            Set<IpAddress> rest = new TreeSet<>(from);
            rest.removeAll(others);
            return rest;
        }

        void stop(Duration grace) {
            loop.stop(grace);
            informers.close();
            client.close();
            links.removeAll();
        }
    }
}
