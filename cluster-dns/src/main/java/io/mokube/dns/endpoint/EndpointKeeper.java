package io.mokube.dns.endpoint;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.client.informer.Store;
import io.mokube.client.presence.Presence;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the service there, this instance among its endpoints, and dead instances away from them. Each instance owns one
 * endpoint slice and renews one lease; whoever sees for long enough, by its own clock, that a lease is not renewed, removes
 * that instance's slice. An instance that was only cut off puts itself back.
 */
public final class EndpointKeeper implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EndpointKeeper.class);

    /** Who looks after the slices: the endpoint slice controller leaves those of others alone. */
    static final String MANAGER = "cluster-dns.mokube.io";

    private static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String INSTANCE = Presence.label("cluster-dns");
    private static final int DNS_PORT = 53;
    private static final int METRICS_PORT = 9153;

    private final EndpointConfig config;
    private final ObjectKey service;
    private final int port;
    private final ApiClient client;
    private final Store<Service> services;
    private final Store<EndpointSlice> slices;
    private final Clock clock;
    private final Presence presence;
    private @Nullable Thread thread;
    private volatile boolean closed;
    private volatile boolean published;

    /**
     * @param service the service's name
     * @param port where this instance takes queries
     * @param services what is known of services; synced
     * @param slices what is known of endpoints; synced
     */
    public EndpointKeeper(
            EndpointConfig config,
            ObjectKey service,
            int port,
            ApiClient client,
            Store<Service> services,
            Store<EndpointSlice> slices,
            Platform platform) {
        this.config = config;
        this.service = service;
        this.port = port;
        this.client = client;
        this.services = services;
        this.slices = slices;
        this.clock = platform.clock();
        presence = new Presence(client, clock, service.namespace(), "cluster-dns", config.instance(), config.expiry());
    }

    /** Begins, on a thread of its own; to be called when this instance can answer. */
    public void start() {
        thread = Thread.ofVirtual().name("dns endpoint").start(this::keep);
    }

    /** Whether this instance was among the endpoints when it last looked. */
    public boolean published() {
        return published;
    }

    private void keep() {
        try {
            while (!closed) {
                try {
                    ensureService();
                    presence.renew();
                    ensureSlice();
                    published = true;
                    removeDead();
                } catch (ApiException | ConnectionException e) {
                    if (closed) {
                        return;
                    }
                    log.atWarn()
                            .setMessage("the name server's endpoint was not renewed")
                            .addKeyValue("instance", config.instance())
                            .addKeyValue("reason", e.getMessage())
                            .log();
                }
                clock.sleep(config.renewal());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private ObjectMeta metadata(String name, Map<String, String> labels) {
        return new ObjectMetaBuilder()
                .withNamespace(service.namespace())
                .withName(name)
                .withLabels(labels)
                .build();
    }

    private void ensureService() {
        Service existing = services.get(service).orElse(null);
        if (existing != null) {
            String address = existing.getSpec().getClusterIP();
            if (!config.serviceAddress().equals(address) && !published) {
                log.atWarn()
                        .setMessage("the name server's service has another address than pods are told")
                        .addKeyValue("service", service)
                        .addKeyValue("address", address)
                        .addKeyValue("expected", config.serviceAddress())
                        .log();
            }
            return;
        }
        List<ServicePort> ports = new ArrayList<>();
        ports.add(servicePort("dns", "UDP", DNS_PORT));
        ports.add(servicePort("dns-tcp", "TCP", DNS_PORT));
        // A port without endpoints would be a promise that nobody keeps.
        config.metricsPort().ifPresent(any -> ports.add(servicePort("metrics", "TCP", METRICS_PORT)));
        Service wanted = new ServiceBuilder()
                .withMetadata(metadata(
                        service.name(),
                        Map.of(
                                "k8s-app",
                                "kube-dns",
                                "kubernetes.io/cluster-service",
                                "true",
                                "kubernetes.io/name",
                                "CoreDNS")))
                .withNewSpec()
                .withClusterIP(config.serviceAddress())
                .withPorts(ports)
                .endSpec()
                .build();
        try {
            client.resource(Service.class).create(wanted);
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    private static ServicePort servicePort(String name, String protocol, int number) {
        return new ServicePortBuilder()
                .withName(name)
                .withProtocol(protocol)
                .withPort(number)
                .build();
    }

    private String ownName() {
        return service.name() + "-" + config.instance();
    }

    private void ensureSlice() {
        ObjectKey key = new ObjectKey(service.namespace(), ownName());
        EndpointSlice known = slices.get(key).orElse(null);
        EndpointSlice wanted = slice();
        if (known == null) {
            createSlice(wanted);
            log.atInfo()
                    .setMessage("name server published")
                    .addKeyValue("instance", config.instance())
                    .addKeyValue("address", config.address())
                    .addKeyValue("port", port)
                    .log();
        } else if (!known.getEndpoints().equals(wanted.getEndpoints())
                || !known.getPorts().equals(wanted.getPorts())) {
            wanted.getMetadata().setResourceVersion(known.getMetadata().getResourceVersion());
            client.resource(EndpointSlice.class).update(wanted);
        }
    }

    private void createSlice(EndpointSlice wanted) {
        try {
            client.resource(EndpointSlice.class).create(wanted);
        } catch (ApiException e) {
            // What is watched has not told yet; the next look will see it.
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    private EndpointSlice slice() {
        List<EndpointPort> ports = new ArrayList<>();
        ports.add(port("dns", "UDP", port));
        ports.add(port("dns-tcp", "TCP", port));
        config.metricsPort().ifPresent(number -> ports.add(port("metrics", "TCP", number)));
        return new EndpointSliceBuilder()
                .withMetadata(metadata(
                        ownName(),
                        Map.of(SERVICE_NAME, service.name(), MANAGED_BY, MANAGER, INSTANCE, config.instance())))
                .withAddressType(Family.of(config.address()).apiName())
                .addNewEndpoint()
                .withAddresses(config.address())
                .withNewConditions()
                .withReady(true)
                .withServing(true)
                .withTerminating(false)
                .endConditions()
                .withNodeName(config.nodeName().orElse(null))
                .endEndpoint()
                .withPorts(ports)
                .build();
    }

    private static EndpointPort port(String name, String protocol, int number) {
        return new EndpointPortBuilder()
                .withName(name)
                .withProtocol(protocol)
                .withPort(number)
                .build();
    }

    // ---- the others

    private void removeDead() {
        List<EndpointSlice> ours = slices.list(service.namespace()).stream()
                .filter(slice -> MANAGER.equals(labels(slice).get(MANAGED_BY)))
                .toList();
        Set<String> silent =
                presence.silent(ours.stream().map(EndpointKeeper::instance).collect(Collectors.toSet()));
        ours.stream().filter(slice -> silent.contains(instance(slice))).forEach(this::remove);
    }

    private static Map<String, String> labels(EndpointSlice slice) {
        return Objects.requireNonNullElse(slice.getMetadata().getLabels(), Map.of());
    }

    private static String instance(EndpointSlice slice) {
        return labels(slice).getOrDefault(INSTANCE, "");
    }

    private void remove(EndpointSlice slice) {
        log.atWarn()
                .setMessage("a name server is dead")
                .addKeyValue("instance", instance(slice))
                .log();
        deleteIfThere(() -> client.resource(EndpointSlice.class)
                .delete(
                        new ObjectKey(service.namespace(), slice.getMetadata().getName()),
                        DeleteOptions.DEFAULT.withUid(slice.getMetadata().getUid())));
        presence.end(instance(slice));
    }

    private static void deleteIfThere(Runnable deletion) {
        try {
            deletion.run();
        } catch (ApiException e) {
            if (!e.isNotFound() && e.code() != 409) {
                throw e;
            }
        }
    }

    /** Takes this instance out of the endpoints, unless the API server can't be reached. */
    @Override
    public void close() {
        Thread running = thread;
        if (closed || running == null) {
            return;
        }
        closed = true;
        running.interrupt();
        try {
            running.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        try {
            deleteIfThere(() -> client.resource(EndpointSlice.class)
                    .delete(new ObjectKey(service.namespace(), ownName()), DeleteOptions.DEFAULT));
            presence.end(config.instance());
        } catch (ApiException | ConnectionException e) {
            log.atWarn()
                    .setMessage("the name server's endpoint was not removed; the other instances do that")
                    .addKeyValue("instance", config.instance())
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }
}
