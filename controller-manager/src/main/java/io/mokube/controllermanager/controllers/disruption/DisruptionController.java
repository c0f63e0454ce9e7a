package io.mokube.controllermanager.controllers.disruption;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatus;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the status of pod disruption budgets, from which the API server takes what it lets be evicted. The status is
 * written only to the version it was counted from: an eviction allowed meanwhile makes the write fail and the count begin
 * again.
 */
public final class DisruptionController implements Reconciler<ObjectKey> {

    private static final String NAME = "disruption-controller";

    /** When to look again for a controller that is not there; nothing tells that it came. */
    private static final Duration COUNT_AGAIN = Duration.ofSeconds(30);

    private final Store<PodDisruptionBudget> budgets;
    private final Store<Pod> pods;
    private final Scales scales;
    private final ResourceClient<PodDisruptionBudget> client;
    private final EventRecorder events;
    private final Clock clock;

    private DisruptionController(
            Store<PodDisruptionBudget> budgets, Store<Pod> pods, Scales scales, ControllerContext context) {
        this.budgets = budgets;
        this.pods = pods;
        this.scales = scales;
        this.client = context.client().resource(PodDisruptionBudget.class);
        this.events = context.recorders().apply("controllermanager");
        this.clock = context.platform().clock();
    }

    public static Controller create(ControllerContext context) {
        Informer<PodDisruptionBudget> budgets = context.informers().informer(PodDisruptionBudget.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        Scales scales = new Scales(context.informers(), context.client());
        DisruptionController controller = new DisruptionController(budgets.store(), pods.store(), scales, context);
        ReconcileLoop<ObjectKey> counting = new ReconcileLoop<>(NAME, 1, controller, context.platform());
        ReconcileLoop<ObjectKey> clearing = new ReconcileLoop<>(
                NAME + " stale conditions",
                1,
                new StaleDisruption(
                        pods.store(),
                        context.client().resource(Pod.class),
                        context.platform().clock()),
                context.platform());
        budgets.addHandler(Handler.each(budget -> counting.queue().add(Ownership.key(budget))));
        pods.addHandler(new Handler<>() {
            @Override
            public void added(Pod pod) {
                List<ObjectKey> covering = controller.covering(pod);
                covering.forEach(counting.queue()::add);
                controller.warnOfSeveral(pod, covering);
                if (StaleDisruption.staleAt(pod).isPresent()) {
                    clearing.queue().add(Ownership.key(pod));
                }
            }

            @Override
            public void updated(Pod before, Pod now) {
                added(now);
                if (!Ownership.labels(before).equals(Ownership.labels(now))) {
                    controller.covering(before).forEach(counting.queue()::add);
                }
            }

            @Override
            public void deleted(Pod last) {
                controller.covering(last).forEach(counting.queue()::add);
            }
        });
        List<Informer<?>> needs = new ArrayList<>(List.of(budgets, pods));
        needs.addAll(scales.needs());
        return Controller.of(NAME, needs, counting, clearing);
    }

    private List<ObjectKey> covering(Pod pod) {
        return budgets.list(Ownership.namespace(pod)).stream()
                .filter(budget -> covers(budget, pod))
                .map(Ownership::key)
                .toList();
    }

    /** An empty selector covers every pod, none at all no pod. */
    private static boolean covers(PodDisruptionBudget budget, Pod pod) {
        return Ownership.selector(budget.getSpec().getSelector())
                .filter(selector -> selector.matches(Ownership.labels(pod)))
                .isPresent();
    }

    /** A pod that several budgets cover can't be evicted at all. */
    private void warnOfSeveral(Pod pod, List<ObjectKey> covering) {
        if (covering.size() > 1) {
            events.warning(
                    pod,
                    "MultiplePodDisruptionBudgets",
                    "Pod \"%s\"/\"%s\" matches multiple PodDisruptionBudgets.  Chose \"%s\" arbitrarily."
                            .formatted(
                                    Ownership.namespace(pod),
                                    pod.getMetadata().getName(),
                                    covering.getFirst().name()));
        }
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<PodDisruptionBudget> found = budgets.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        PodDisruptionBudget budget = found.get();
        BudgetCount count;
        try {
            count = count(budget);
        } catch (UncountableException e) {
            fail(budget, e);
            return Outcome.again(COUNT_AGAIN);
        } catch (ApiException | ConnectionException e) {
            fail(budget, e);
            throw e;
        }
        for (Pod pod : count.neverDeleted()) {
            events.warning(pod, "NotDeleted", "Pod was expected by PDB " + key + " to be deleted but it wasn't");
        }
        write(budget, count.status());
        return count.recheck()
                .map(time ->
                        Outcome.again(Duration.between(clock.instant(), time).plusMillis(1)))
                .orElseGet(Outcome::done);
    }

    private BudgetCount count(PodDisruptionBudget budget) {
        List<Pod> covered = pods.list(Ownership.namespace(budget)).stream()
                .filter(pod -> covers(budget, pod))
                .toList();
        ExpectedScale scale = BudgetCount.countsScale(budget) ? ExpectedScale.of(covered, scales) : ExpectedScale.NONE;
        if (covered.isEmpty()) {
            events.normal(budget, "NoPods", "No matching pods found");
        }
        if (!scale.unmanaged().isEmpty()) {
            events.warning(
                    budget,
                    "UnmanagedPods",
                    "Pods selected by this PodDisruptionBudget (selector: "
                            + Ownership.selector(budget.getSpec().getSelector())
                                    .map(LabelSelector::toString)
                                    .orElse("")
                            + ") were found to be unmanaged. As a result, the status of the PDB cannot be calculated"
                            + " correctly, which may result in undefined behavior. To account for these pods please set"
                            + " \".spec.minAvailable\" field of the PDB to an integer value.");
        }
        return BudgetCount.of(budget, covered, scale.pods(), clock.instant());
    }

    /** What can't be counted is safe only when nothing is evicted. */
    private void fail(PodDisruptionBudget budget, RuntimeException e) {
        String message = String.valueOf(e.getMessage());
        events.warning(
                budget,
                "CalculateExpectedPodCountFailed",
                "Failed to calculate the number of expected pods: " + message);
        write(budget, BudgetCount.failed(budget, message, clock.instant()));
    }

    private void write(PodDisruptionBudget budget, PodDisruptionBudgetStatus status) {
        if (status.equals(budget.getStatus())) {
            return;
        }
        try {
            client.updateStatus(
                    new PodDisruptionBudgetBuilder(budget).withStatus(status).build());
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) { // what changed the budget brings its key back
                throw e;
            }
        }
    }
}
