package io.mokube.controllermanager.controllers.endpoints;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.services.ServiceFacts;
import io.mokube.controllermanager.controllers.services.ServicesOfPods;
import io.mokube.controllermanager.controllers.services.TriggerTimes;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the {@code Endpoints} of services that select pods, and removes those of services that are gone.
 *
 * <p>There is one object of a known name, and it is only ever written over the version that was seen, so a cache that
 * lags costs a second try and nothing more.
 */
public final class EndpointsController implements Reconciler<ObjectKey> {

    private static final String NAME = "endpoints-controller";
    private static final int WORKERS = 5;
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final Store<Service> services;
    private final Store<Pod> pods;
    private final Store<Endpoints> endpoints;
    private final ResourceClient<Endpoints> client;
    private final EventRecorder events;
    private final TriggerTimes triggers = new TriggerTimes();

    private EndpointsController(
            Store<Service> services,
            Store<Pod> pods,
            Store<Endpoints> endpoints,
            ResourceClient<Endpoints> client,
            EventRecorder events) {
        this.services = services;
        this.pods = pods;
        this.endpoints = endpoints;
        this.client = client;
        this.events = events;
    }

    public static Controller create(ControllerContext context) {
        Informer<Service> services = context.informers().informer(Service.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Informer<Endpoints> endpoints = context.informers().informer(Endpoints.class);
        EndpointsController controller = new EndpointsController(
                services.store(),
                pods.store(),
                endpoints.store(),
                context.client().resource(Endpoints.class),
                context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        services.addHandler(Handler.each(service -> loop.queue().add(Ownership.key(service))));
        pods.addHandler(new ServicesOfPods(services.store(), loop.queue()::add));
        // Somebody's own endpoints may come before their service, and must not be taken for left over.
        endpoints.addHandler(Handler.each(each -> {
            if (isManaged(each)) {
                loop.queue().add(Ownership.key(each));
            }
        }));
        return Controller.of(NAME, List.of(services, pods, endpoints), loop);
    }

    private static boolean isManaged(Endpoints endpoints) {
        return EndpointsDecision.MANAGER.equals(Ownership.labels(endpoints).get(EndpointsDecision.MANAGED_BY));
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Service> service = services.get(key);
        if (service.isEmpty()) {
            triggers.forget(key);
            endpoints.get(key).ifPresent(this::delete);
            return Outcome.done();
        }
        return ServiceFacts.selectsPods(service.get()) ? write(key, service.get()) : Outcome.done();
    }

    private Outcome write(ObjectKey key, Service service) {
        List<Pod> selected = pods.list(key.namespace()).stream()
                .filter(pod -> ServiceFacts.selects(service, pod))
                .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
                .toList();
        Optional<Endpoints> present = endpoints.get(key);
        Optional<Endpoints> change =
                EndpointsDecision.change(service, selected, present, triggers.next(service, selected));
        if (change.isEmpty()) {
            return Outcome.done();
        }
        try {
            if (present.isEmpty()) {
                client.create(change.get());
            } else {
                client.update(change.get());
            }
        } catch (ApiException e) {
            if (NamespaceEnding.isCauseOf(e)) {
                return Outcome.done();
            }
            if (e.isConflict() || e.isAlreadyExists() || e.isNotFound()) {
                return Outcome.again(CACHE_CHECK);
            }
            if (present.isEmpty()) {
                events.warning(
                        change.get(),
                        "FailedToCreateEndpoint",
                        "Failed to create endpoint for service " + key.namespace() + "/" + key.name() + ": "
                                + e.getMessage());
            } else {
                events.warning(
                        change.get(),
                        "FailedToUpdateEndpoint",
                        "Failed to update endpoint " + key.namespace() + "/" + key.name() + ": " + e.getMessage());
            }
            throw e;
        }
        return Outcome.done();
    }

    private void delete(Endpoints leftOver) {
        try {
            client.delete(
                    Ownership.key(leftOver),
                    DeleteOptions.DEFAULT.withUid(leftOver.getMetadata().getUid()));
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
    }
}
