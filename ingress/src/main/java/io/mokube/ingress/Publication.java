package io.mokube.ingress;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.client.informer.Store;
import io.mokube.client.presence.Presence;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service of type LoadBalancer in front of all instances, and this instance's place behind it: a slice of its own. So an
 * ingress needs no fixed port of any machine, and has the address of a load balancer. Who changes the service's type or
 * asks for an address there is not overruled. Each instance renews a lease, and the living ones remove the slice of one that
 * no longer does; an instance that was only cut off puts itself back.
 */
final class Publication {

    static final ObjectKey SERVICE = new ObjectKey("kube-system", "mokube-ingress");

    private static final Logger log = LoggerFactory.getLogger(Publication.class);
    private static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    private static final String MANAGER = "ingress.mokube.io";
    private static final String INSTANCE = Presence.label("ingress");

    private final IngressConfig config;
    private final String address;
    private final ResourceClient<Service> services;
    private final ResourceClient<EndpointSlice> slices;
    private final Store<Service> knownServices;
    private final Store<EndpointSlice> knownSlices;
    private final ObjectKey slice;
    private final Presence presence;
    private final Clock clock;
    private @Nullable Thread thread;
    private volatile boolean closed;

    /**
     * @param address where the nodes' proxies reach this instance
     * @param knownServices what is known of services
     * @param knownSlices what is known of endpoints
     */
    Publication(
            IngressConfig config,
            String address,
            ApiClient client,
            Store<Service> knownServices,
            Store<EndpointSlice> knownSlices,
            Clock clock) {
        this.config = config;
        this.address = address;
        this.knownServices = knownServices;
        this.knownSlices = knownSlices;
        this.clock = clock;
        services = client.resource(Service.class);
        slices = client.resource(EndpointSlice.class);
        slice = new ObjectKey(SERVICE.namespace(), SERVICE.name() + "-" + config.instance());
        presence = new Presence(
                client,
                clock,
                SERVICE.namespace(),
                "ingress",
                config.instance(),
                config.presence().expiry());
    }

    /** Begins, on a thread of its own; to be called when both stores are synced and requests are taken. */
    void start(int httpPort, int httpsPort) {
        thread = Thread.ofVirtual().name("ingress endpoint").start(() -> keep(slice(httpPort, httpsPort)));
    }

    private void keep(EndpointSlice wanted) {
        try {
            while (!closed) {
                try {
                    presence.renew();
                    ensureService();
                    ensureSlice(wanted);
                    removeDead();
                } catch (ApiException | ConnectionException e) {
                    if (closed) {
                        return;
                    }
                    log.atWarn()
                            .setMessage("the ingress' endpoint was not renewed")
                            .addKeyValue("instance", config.instance())
                            .addKeyValue("reason", e.getMessage())
                            .log();
                }
                clock.sleep(config.presence().renewal());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ensureService() {
        if (knownServices.get(SERVICE).isEmpty()) {
            unlessThere(() -> services.create(service()));
        }
    }

    private void ensureSlice(EndpointSlice wanted) {
        Optional<EndpointSlice> present = knownSlices.get(slice);
        if (present.isEmpty()) {
            unlessThere(() -> slices.create(wanted));
        } else if (!wanted.getEndpoints().equals(present.get().getEndpoints())
                || !wanted.getPorts().equals(present.get().getPorts())
                || !wanted.getMetadata()
                        .getLabels()
                        .equals(present.get().getMetadata().getLabels())) {
            slices.update(wanted);
        }
    }

    private void removeDead() {
        List<EndpointSlice> ours = knownSlices.list(SERVICE.namespace()).stream()
                .filter(each -> MANAGER.equals(label(each, MANAGED_BY)))
                .toList();
        Set<String> silent =
                presence.silent(ours.stream().map(each -> label(each, INSTANCE)).collect(Collectors.toSet()));
        for (EndpointSlice each : ours) {
            String instance = label(each, INSTANCE);
            // A slice without the label is of an older release: its instance labels it when it lives.
            if (silent.contains(instance)) {
                log.atWarn()
                        .setMessage("an ingress is dead")
                        .addKeyValue("instance", instance)
                        .log();
                unlessGone(() -> slices.delete(
                        new ObjectKey(SERVICE.namespace(), each.getMetadata().getName()),
                        DeleteOptions.DEFAULT.withUid(each.getMetadata().getUid())));
                presence.end(instance);
            }
        }
    }

    private static String label(EndpointSlice slice, String name) {
        return Objects.requireNonNullElse(slice.getMetadata().getLabels(), Map.<String, String>of())
                .getOrDefault(name, "");
    }

    /** What is watched may not have told yet; the next look will see it. */
    private static void unlessThere(Runnable creation) {
        try {
            creation.run();
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    private static void unlessGone(Runnable deletion) {
        try {
            deletion.run();
        } catch (ApiException e) {
            if (!e.isNotFound() && e.code() != 409) {
                throw e;
            }
        }
    }

    private static Service service() {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(SERVICE.namespace())
                .withName(SERVICE.name())
                .endMetadata()
                .withNewSpec()
                .withType("LoadBalancer")
                .addNewPort()
                .withName("http")
                .withPort(80)
                .endPort()
                .addNewPort()
                .withName("https")
                .withPort(443)
                .endPort()
                .endSpec()
                .build();
    }

    private EndpointSlice slice(int httpPort, int httpsPort) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(slice.namespace())
                .withName(slice.name())
                .addToLabels("kubernetes.io/service-name", SERVICE.name())
                .addToLabels(MANAGED_BY, MANAGER)
                .addToLabels(INSTANCE, config.instance())
                .endMetadata()
                .withAddressType(Family.of(address).apiName())
                .addNewPort()
                .withName("http")
                .withProtocol("TCP")
                .withPort(httpPort)
                .endPort()
                .addNewPort()
                .withName("https")
                .withProtocol("TCP")
                .withPort(httpsPort)
                .endPort()
                .addNewEndpoint()
                .withAddresses(address)
                .withNewConditions()
                .withReady(true)
                .endConditions()
                .withNodeName(config.nodeName().orElse(null))
                .endEndpoint()
                .build();
    }

    /** Takes this instance from behind the service, when the API server can be reached. */
    void withdraw() {
        Thread running = thread;
        if (running == null) {
            return;
        }
        closed = true;
        running.interrupt();
        try {
            running.join();
            unlessGone(() -> slices.delete(slice, DeleteOptions.DEFAULT));
            presence.end(config.instance());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ApiException | ConnectionException e) {
            log.atInfo()
                    .setMessage("the ingress stays among the endpoints of its service; other instances remove it")
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    /** The addresses that a service of type LoadBalancer has. */
    static List<LoadBalancerIngress> addresses(Optional<Service> service) {
        return service.map(Service::getStatus)
                .map(status -> status.getLoadBalancer())
                .map(balancer -> balancer.getIngress())
                .orElse(List.of());
    }
}
