package io.mokube.controllermanager.controllers.loadbalancer;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.LoadBalancerStatus;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceStatus;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.queue.WorkQueue;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Does for services of type LoadBalancer what a cloud's service controller does: gives them addresses, here of a pool.
 * Services of a {@code loadBalancerClass} are somebody else's.
 *
 * <p>The address and the finalizer that keeps it until the service is gone are written together, by a patch that fails
 * when the service has changed. What is in the services' status is the only memory, so addresses outlive a restart.
 */
public final class LoadBalancerController implements Reconciler<ObjectKey> {

    static final String FINALIZER = "service.kubernetes.io/load-balancer-cleanup";

    private static final String NAME = "service-lb-controller";
    private static final String FAILED = "SyncLoadBalancerFailed";
    private static final Comparator<Service> AGE = Comparator.comparing((Service service) ->
                    Objects.requireNonNullElse(service.getMetadata().getCreationTimestamp(), ""))
            .thenComparing(service -> service.getMetadata().getUid());

    private final AddressPool pool;
    private final Store<Service> services;
    private final ResourceClient<Service> client;
    private final EventRecorder events;

    /** What was written and the cache may have yet to show, by the service's UID. One worker uses it. */
    private final Map<String, Written> written = new HashMap<>();

    private record Written(ObjectKey key, Set<String> addresses) {}

    private LoadBalancerController(
            AddressPool pool, Store<Service> services, ResourceClient<Service> client, EventRecorder events) {
        this.pool = pool;
        this.services = services;
        this.client = client;
        this.events = events;
    }

    /** The controller; it does nothing without a pool, and leaves services to the cloud's. */
    public static Controller create(ControllerContext context) {
        AddressPool pool = context.config().loadBalancerPool();
        if (pool.isEmpty()) {
            return Controller.of(NAME, List.of());
        }
        Informer<Service> services = context.informers().informer(Service.class);
        LoadBalancerController controller = new LoadBalancerController(
                pool,
                services.store(),
                context.client().resource(Service.class),
                context.recorders().apply("service-controller"));
        // One worker: each choice depends on all choices before it.
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, 1, controller, context.platform());
        services.addHandler(new Changes(services.store(), loop.queue()));
        return Controller.of(NAME, List.of(services), loop);
    }

    /**
     * Services that change, and those that wait for an address when one becomes free: not before the cache shows that it is,
     * since that is where they look.
     */
    private record Changes(Store<Service> services, WorkQueue<ObjectKey> queue) implements Handler<Service> {

        @Override
        public void added(Service service) {
            if (concernsUs(service)) {
                queue.add(Ownership.key(service));
            }
        }

        @Override
        public void updated(Service before, Service now) {
            added(now);
            if (!held(now).containsAll(held(before))) {
                retryWaiting();
            }
        }

        @Override
        public void deleted(Service last) {
            added(last);
            if (!held(last).isEmpty()) {
                retryWaiting();
            }
        }

        private void retryWaiting() {
            services.list().stream()
                    .filter(service -> isOurs(service) && addresses(service).isEmpty())
                    .forEach(service -> queue.add(Ownership.key(service)));
        }
    }

    private static boolean concernsUs(Service service) {
        return isOurs(service) || hasFinalizer(service);
    }

    /** The addresses of the pool that nobody else can have. */
    private static List<String> held(Service service) {
        return concernsUs(service) ? addresses(service) : List.of();
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Service> found = services.get(key);
        if (found.isEmpty()) {
            written.values().removeIf(each -> each.key().equals(key));
            return Outcome.done();
        }
        Service service = found.get();
        return isOurs(service) && !service.isMarkedForDeletion() ? assign(service) : release(service);
    }

    private Outcome assign(Service service) {
        Set<String> taken = addressesOfOthers(service);
        Assignment assignment = Assignment.decide(pool, wish(service), taken::contains);
        return switch (assignment) {
            case Assignment.Given(List<String> addresses) -> {
                write(service, addresses, true);
                yield Outcome.done();
            }
            case Assignment.Refused(String reason) -> refuse(service, reason);
            case Assignment.Exhausted(String family) ->
                refuse(service, "no free " + family + " address is left in the pool");
        };
    }

    /** A service keeps no address that it must not have. It is looked at again when one becomes free. */
    private Outcome refuse(Service service, String reason) {
        events.warning(service, FAILED, "Error syncing load balancer: " + reason);
        write(service, List.of(), true);
        return Outcome.giveUp(reason);
    }

    private Outcome release(Service service) {
        if (hasFinalizer(service)) {
            write(service, List.of(), false);
        }
        return Outcome.done();
    }

    private static Assignment.Wish wish(Service service) {
        List<String> families = service.getSpec().getIpFamilies();
        return new Assignment.Wish(
                families == null || families.isEmpty() ? List.of(Family.IPV4.apiName()) : families,
                Optional.ofNullable(service.getSpec().getLoadBalancerIP()).filter(text -> !text.isEmpty()),
                addresses(service));
    }

    /** Of two services with one address, which somebody must have written there, the older keeps it. */
    private Set<String> addressesOfOthers(Service service) {
        String uid = service.getMetadata().getUid();
        List<String> own = addresses(service);
        Set<String> taken = new HashSet<>();
        written.forEach((owner, each) -> {
            if (!owner.equals(uid)) {
                taken.addAll(each.addresses());
            }
        });
        for (Service other : services.list()) {
            if (!other.getMetadata().getUid().equals(uid)) {
                held(other).stream()
                        .filter(each -> !own.contains(each) || AGE.compare(other, service) < 0)
                        .forEach(taken::add);
            }
        }
        return taken;
    }

    /** Writes status and finalizer together, when they are not so already. */
    private void write(Service service, List<String> addresses, boolean keep) {
        if (addresses.equals(addresses(service)) && isWhole(service) && keep == hasFinalizer(service)) {
            remember(service, addresses);
            return;
        }
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("uid", service.getMetadata().getUid());
        metadata.put("resourceVersion", service.getMetadata().getResourceVersion());
        ArrayNode finalizers = metadata.putArray("finalizers");
        finalizers(service, keep).forEach(finalizers::add);
        ArrayNode ingress = patch.putObject("status").putObject("loadBalancer").putArray("ingress");
        addresses.forEach(each -> ingress.addObject().put("ip", each).put("ipMode", "VIP"));
        try {
            client.patch(Ownership.key(service), PatchKind.MERGE, patch, "status");
        } catch (ApiException e) {
            if (e.isNotFound()) {
                return;
            }
            throw e; // most often a conflict: the cache will show what changed
        }
        remember(service, addresses);
        if (!addresses.isEmpty()) {
            events.normal(service, "EnsuredLoadBalancer", "Ensured load balancer");
        }
    }

    private void remember(Service service, List<String> addresses) {
        String uid = service.getMetadata().getUid();
        if (addresses.isEmpty()) {
            written.remove(uid);
        } else {
            written.put(uid, new Written(Ownership.key(service), Set.copyOf(addresses)));
        }
    }

    private static Set<String> finalizers(Service service, boolean keep) {
        Set<String> all = new LinkedHashSet<>(orEmpty(service.getMetadata().getFinalizers()));
        if (keep) {
            all.add(FINALIZER);
        } else {
            all.remove(FINALIZER);
        }
        return all;
    }

    private static boolean isOurs(Service service) {
        return service.getSpec() != null
                && "LoadBalancer".equals(service.getSpec().getType())
                && service.getSpec().getLoadBalancerClass() == null;
    }

    private static boolean hasFinalizer(Service service) {
        return orEmpty(service.getMetadata().getFinalizers()).contains(FINALIZER);
    }

    /** Whether every entry is one of ours: an address whose packets nodes get as they are. */
    private static boolean isWhole(Service service) {
        return ingress(service).allMatch(each -> each.getIp() != null && "VIP".equals(each.getIpMode()));
    }

    private static List<String> addresses(Service service) {
        return ingress(service)
                .map(LoadBalancerIngress::getIp)
                .filter(Objects::nonNull)
                .toList();
    }

    private static Stream<LoadBalancerIngress> ingress(Service service) {
        ServiceStatus status = service.getStatus();
        LoadBalancerStatus balancer = status == null ? null : status.getLoadBalancer();
        return balancer == null ? Stream.of() : orEmpty(balancer.getIngress()).stream();
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
