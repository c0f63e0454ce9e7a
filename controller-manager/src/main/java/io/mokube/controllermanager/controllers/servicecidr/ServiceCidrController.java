package io.mokube.controllermanager.controllers.servicecidr;

import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.controllermanager.controllers.servicecidr.ServiceCidrDecision.Step;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes ranges of service addresses ready, and lets them go only when no service would lose its address. */
public final class ServiceCidrController implements Reconciler<String> {

    private static final String NAME = "service-cidr-controller";
    private static final ResourceType<KubeObject> RANGES = ResourceType.dynamic(
            new GroupVersionResource("networking.k8s.io", "v1", "servicecidrs"), "ServiceCIDR", false);
    private static final ResourceType<KubeObject> ADDRESSES = ResourceType.dynamic(
            new GroupVersionResource("networking.k8s.io", "v1", "ipaddresses"), "IPAddress", false);

    private final Store<KubeObject> ranges;
    private final Store<KubeObject> addresses;
    private final ResourceClient<KubeObject> client;
    private final EventRecorder events;
    private final Clock clock;

    private ServiceCidrController(
            Store<KubeObject> ranges, Store<KubeObject> addresses, ControllerContext context, EventRecorder events) {
        this.ranges = ranges;
        this.addresses = addresses;
        this.client = context.client().resource(RANGES);
        this.events = events;
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Informer<KubeObject> ranges = context.informers().informer(RANGES);
        Informer<KubeObject> addresses = context.informers().informer(ADDRESSES);
        ServiceCidrController controller = new ServiceCidrController(
                ranges.store(), addresses.store(), context, context.recorders().apply(NAME));
        ReconcileLoop<String> loop = new ReconcileLoop<>(NAME, 1, controller, context.platform());
        // A range that comes or goes may cover another.
        ranges.addHandler(Handler.each(
                changed -> ranges.store().list().forEach(range -> loop.queue().add(range.name()))));
        addresses.addHandler(new Handler<>() {
            @Override
            public void added(KubeObject address) {
                tellGoing();
            }

            @Override
            public void deleted(KubeObject last) {
                tellGoing();
            }

            private void tellGoing() {
                for (KubeObject range : ranges.store().list()) {
                    if (range.isBeingDeleted()) {
                        loop.queue().add(range.name());
                    }
                }
            }
        });
        return Controller.of(NAME, List.of(ranges, addresses), loop);
    }

    @Override
    public Outcome reconcile(String name) {
        Optional<KubeObject> found = ranges.get(new ObjectKey("", name));
        if (found.isEmpty()) {
            return Outcome.done();
        }
        KubeObject range = found.get();
        Step step = ServiceCidrDecision.step(range, ranges.list(), addresses.list(), clock.instant());
        try {
            return carryOut(step, range);
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) { // it changed, and the change brings its key back
                return Outcome.done();
            }
            throw e;
        }
    }

    private Outcome carryOut(Step step, KubeObject range) {
        return switch (step) {
            case Step.Keep() -> {
                keep(range);
                yield Outcome.done();
            }
            case Step.Block() -> {
                writeReady(
                        range,
                        "False",
                        "Terminating",
                        "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new"
                                + " ServiceCIDR");
                yield Outcome.done();
            }
            case Step.Wait(var duration) -> Outcome.again(duration);
            case Step.Release() -> {
                writeFinalizers(range, finalizers -> {
                    finalizers.remove(ServiceCidrDecision.FINALIZER);
                    return finalizers;
                });
                yield Outcome.done();
            }
        };
    }

    private void keep(KubeObject range) {
        if (writeFinalizers(range, finalizers -> {
            if (!finalizers.contains(ServiceCidrDecision.FINALIZER)) {
                finalizers.add(ServiceCidrDecision.FINALIZER);
            }
            return finalizers;
        })) {
            return; // the change brings its key back
        }
        try {
            writeReady(range, "True", "", "Kubernetes Service CIDR is ready");
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) {
                events.record(
                        EventRecorder.reference(range),
                        EventRecorder.Type.WARNING,
                        "KubernetesServiceCIDRError",
                        "The ServiceCIDR Status can not be set to Ready=True");
            }
            throw e;
        }
    }

    /** Whether there was something to write. */
    private boolean writeFinalizers(KubeObject range, UnaryOperator<List<String>> change) {
        List<String> finalizers = change.apply(new ArrayList<>(range.finalizers()));
        if (finalizers.equals(range.finalizers())) {
            return false;
        }
        KubeObject changed = range.deepCopy();
        ArrayNode array = changed.metadata().putArray("finalizers");
        finalizers.forEach(array::add);
        client.update(changed);
        return true;
    }

    private void writeReady(KubeObject range, String status, String reason, String message) {
        KubeObject changed = range.deepCopy();
        ArrayNode conditions = changed.root().withObjectProperty("status").putArray("conditions");
        String since = Times.format(clock.instant());
        for (JsonNode condition : range.at("status", "conditions")) {
            if (!condition.path("type").asString("").equals("Ready")) {
                conditions.add(condition.deepCopy());
            } else if (condition.path("status").asString("").equals(status)) {
                since = condition.path("lastTransitionTime").asString(since);
            }
        }
        ObjectNode ready = conditions.addObject();
        ready.put("type", "Ready");
        ready.put("status", status);
        ready.put("lastTransitionTime", since);
        ready.put("reason", reason);
        ready.put("message", message);
        if (!conditions.equals(range.at("status", "conditions"))) {
            client.updateStatus(changed);
        }
    }
}
