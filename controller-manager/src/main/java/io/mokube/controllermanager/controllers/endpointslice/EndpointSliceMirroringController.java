package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.Endpoints;
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
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Keeps endpoint slices that say what somebody's own endpoints of a service without a selector say. */
public final class EndpointSliceMirroringController implements Reconciler<ObjectKey> {

    private static final String NAME = "endpointslicemirroring-controller";
    private static final int WORKERS = 5;
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final Store<Service> services;
    private final Store<Endpoints> endpoints;
    private final ServiceSlices slices;
    private final EventRecorder events;

    private EndpointSliceMirroringController(
            Store<Service> services, Store<Endpoints> endpoints, ServiceSlices slices, EventRecorder events) {
        this.services = services;
        this.endpoints = endpoints;
        this.slices = slices;
        this.events = events;
    }

    public static Controller create(ControllerContext context) {
        Informer<Service> services = context.informers().informer(Service.class);
        Informer<Endpoints> endpoints = context.informers().informer(Endpoints.class);
        Informer<EndpointSlice> informer = context.informers().informer(EndpointSlice.class);
        ServiceSlices slices =
                new ServiceSlices(informer, context.client().resource(EndpointSlice.class), MirrorDecision.MANAGER);
        EndpointSliceMirroringController controller = new EndpointSliceMirroringController(
                services.store(), endpoints.store(), slices, context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        endpoints.addHandler(Handler.each(each -> loop.queue().add(Ownership.key(each))));
        endpoints.addHandler(new Handler<>() {
            @Override
            public void deleted(Endpoints last) {
                slices.forget(last);
            }
        });
        services.addHandler(Handler.each(service -> loop.queue().add(Ownership.key(service))));
        slices.tellServices(loop.queue()::add);
        return Controller.of(NAME, List.of(services, endpoints, informer), loop);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        List<EndpointSlice> present = slices.of(key);
        Optional<Endpoints> mirrored =
                endpoints.get(key).filter(each -> MirrorDecision.isMirrored(each, services.get(key)));
        if (mirrored.isEmpty()) {
            present.forEach(slices::drop);
            return Outcome.done();
        }
        Endpoints original = mirrored.get();
        if (!slices.areCurrent(original)) {
            return Outcome.again(CACHE_CHECK);
        }
        MirrorDecision.Plan plan = MirrorDecision.plan(original, present);
        try {
            slices.apply(original, plan.changes());
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound() || e.isAlreadyExists()) {
                return Outcome.again(CACHE_CHECK); // somebody else's write, which the cache has yet to show
            }
            throw e;
        }
        tell(original, plan);
        return Outcome.done();
    }

    private void tell(Endpoints original, MirrorDecision.Plan plan) {
        if (plan.invalid() > 0) {
            events.warning(
                    original,
                    "InvalidIPAddress",
                    "Skipped " + plan.invalid() + " invalid IP addresses when mirroring to EndpointSlices");
        }
        if (plan.skipped() > 0) {
            events.warning(
                    original,
                    "TooManyAddressesToMirror",
                    "A max of " + MirrorDecision.MOST + " addresses can be mirrored to EndpointSlices per Endpoints"
                            + " subset. " + plan.skipped() + " addresses were skipped");
        }
    }
}
