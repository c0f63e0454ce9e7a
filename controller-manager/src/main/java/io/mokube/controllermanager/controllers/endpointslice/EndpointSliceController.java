package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodsOnNode;
import io.mokube.controllermanager.controllers.services.ServiceFacts;
import io.mokube.controllermanager.controllers.services.ServicesOfPods;
import io.mokube.controllermanager.controllers.services.TriggerTimes;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Keeps the endpoint slices of services that select pods.
 *
 * <p>It decides only on a cache that shows all its own writes, so however long the cache lags and whatever answers are
 * lost, no endpoint is in two slices.
 */
public final class EndpointSliceController implements Reconciler<ObjectKey> {

    private static final String NAME = "endpointslice-controller";
    private static final int WORKERS = 5;
    private static final String BY_WISH = "traffic";

    /** How soon to look whether the cache has caught up; the event that it waits for usually comes much earlier. */
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final Store<Service> services;
    private final Store<Pod> pods;
    private final Store<Node> nodes;
    private final ServiceSlices slices;
    private final EventRecorder events;
    private final TriggerTimes triggers = new TriggerTimes();

    /** The UIDs of services whose endpoints have hints by zone size; lost with the term, as in Kubernetes. */
    private final Set<String> hinted = ConcurrentHashMap.newKeySet();

    private EndpointSliceController(
            Store<Service> services, Store<Pod> pods, Store<Node> nodes, ServiceSlices slices, EventRecorder events) {
        this.services = services;
        this.pods = pods;
        this.nodes = nodes;
        this.slices = slices;
        this.events = events;
    }

    public static Controller create(ControllerContext context) {
        Informer<Service> services = context.informers().informer(Service.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<Node> nodes = context.informers().informer(Node.class);
        Informer<EndpointSlice> informer = context.informers().informer(EndpointSlice.class);
        ServiceSlices slices =
                new ServiceSlices(informer, context.client().resource(EndpointSlice.class), SliceDecision.MANAGER);
        EndpointSliceController controller = new EndpointSliceController(
                services.store(),
                pods.store(),
                nodes.store(),
                slices,
                context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        Consumer<ObjectKey> queue = loop.queue()::add;
        PodsOnNode.index(pods);
        services.addIndex(BY_WISH, service -> List.of(TrafficHints.of(service).name()));
        services.addHandler(Handler.each(service -> queue.accept(Ownership.key(service))));
        services.addHandler(new Handler<>() {
            @Override
            public void deleted(Service last) {
                controller.forget(last);
            }
        });
        ServicesOfPods ofPods = new ServicesOfPods(services.store(), queue);
        pods.addHandler(ofPods);
        nodes.addHandler(controller.nodeHandler(ofPods, queue));
        slices.tellServices(queue);
        return Controller.of(NAME, List.of(services, pods, nodes, informer), loop);
    }

    /** Endpoints show their nodes' zones; hints by zone size depend on all nodes. */
    private Handler<Node> nodeHandler(ServicesOfPods ofPods, Consumer<ObjectKey> queue) {
        return new Handler<>() {
            @Override
            public void added(Node node) {
                tellPods(node);
                tellHinted();
            }

            @Override
            public void updated(Node before, Node now) {
                boolean moved = !zone(before).equals(zone(now));
                if (moved) {
                    tellPods(now);
                }
                if (moved
                        || ZoneHints.isReady(before) != ZoneHints.isReady(now)
                        || ZoneHints.processors(before) != ZoneHints.processors(now)) {
                    tellHinted();
                }
            }

            @Override
            public void deleted(Node last) {
                tellPods(last);
                tellHinted();
            }

            private void tellPods(Node node) {
                PodsOnNode.of(pods, node.getMetadata().getName()).forEach(ofPods::tell);
            }

            private void tellHinted() {
                services.byIndex(BY_WISH, TrafficHints.Wish.BY_ZONE_SIZE.name())
                        .forEach(service -> queue.accept(Ownership.key(service)));
            }
        };
    }

    private static String zone(Node node) {
        return Ownership.labels(node).getOrDefault(ZoneHints.ZONE, "");
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Service> found = services.get(key);
        if (found.isEmpty()) {
            triggers.forget(key);
            return Outcome.done();
        }
        Service service = found.get();
        if (!ServiceFacts.selectsPods(service)) {
            return Outcome.done();
        }
        if (!slices.areCurrent(service)) {
            return Outcome.again(CACHE_CHECK);
        }
        String uid = service.getMetadata().getUid();
        List<Pod> selected = pods.list(key.namespace()).stream()
                .filter(pod -> ServiceFacts.selects(service, pod))
                .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
                .toList();
        SliceDecision.Cluster cluster = new SliceDecision.Cluster(
                name -> nodes.get(new ObjectKey("", name)), () -> ZoneHints.shares(nodes.list()));
        SliceDecision.Plan plan = SliceDecision.plan(
                service, selected, cluster, slices.of(key), triggers.next(service, selected), hinted.contains(uid));
        try {
            slices.apply(service, plan.changes());
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound() || e.isAlreadyExists()) {
                return Outcome.again(CACHE_CHECK); // somebody else's write, which the cache has yet to show
            }
            events.warning(
                    service,
                    "FailedToUpdateEndpointSlices",
                    "Error updating Endpoint Slices for Service " + key.namespace() + "/" + key.name() + ": "
                            + e.getMessage());
            throw e;
        }
        tell(service, plan);
        return Outcome.done();
    }

    private void tell(Service service, SliceDecision.Plan plan) {
        String uid = service.getMetadata().getUid();
        if (plan.hinted()) {
            hinted.add(uid);
        } else {
            hinted.remove(uid);
        }
        for (SliceDecision.Notice notice : plan.notices()) {
            if (notice.warning()) {
                events.warning(service, notice.reason(), notice.message());
            } else {
                events.normal(service, notice.reason(), notice.message());
            }
        }
    }

    private void forget(Service service) {
        hinted.remove(service.getMetadata().getUid());
        slices.forget(service);
    }
}
