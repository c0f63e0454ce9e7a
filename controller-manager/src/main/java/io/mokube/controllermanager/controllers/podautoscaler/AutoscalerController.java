package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.podautoscaler.MetricJudge.Judgement;
import io.mokube.controllermanager.controllers.podautoscaler.Pace.Because;
import io.mokube.controllermanager.controllers.podautoscaler.Pace.Steady;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Looks at each autoscaler every 15 seconds, and at no other time: what it sees and does in between would count twice
 * against its policies. Its target's scale is read from the server each time, so that it never decides on an old number.
 */
public final class AutoscalerController implements Reconciler<ObjectKey> {

    private static final String NAME = "horizontal-pod-autoscaler-controller";
    private static final String EVENT_SOURCE = "horizontal-pod-autoscaler";
    private static final int WORKERS = 5;
    private static final Duration SYNC_PERIOD = Duration.ofSeconds(15);

    private final Store<HorizontalPodAutoscaler> autoscalers;
    private final Store<Pod> pods;
    private final ApiClient client;
    private final EventRecorder events;
    private final Clock clock;
    private final Kinds kinds;
    private final MetricsSource metrics;
    private final Map<ObjectKey, History> histories = new ConcurrentHashMap<>();
    private final Map<ObjectKey, LabelSelector> selectors = new ConcurrentHashMap<>();

    private AutoscalerController(
            Store<HorizontalPodAutoscaler> autoscalers, Store<Pod> pods, ControllerContext context) {
        this.autoscalers = autoscalers;
        this.pods = pods;
        this.client = context.client();
        this.events = context.recorders().apply(EVENT_SOURCE);
        this.clock = context.platform().clock();
        this.kinds = new Kinds(client);
        this.metrics = new MetricsApi(client, kinds);
    }

    public static Controller create(ControllerContext context) {
        Informer<HorizontalPodAutoscaler> autoscalers = context.informers().informer(HorizontalPodAutoscaler.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        AutoscalerController controller = new AutoscalerController(autoscalers.store(), pods.store(), context);
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        autoscalers.addHandler(new Handler<>() {
            @Override
            public void added(HorizontalPodAutoscaler autoscaler) {
                loop.queue().addAfter(Ownership.key(autoscaler), SYNC_PERIOD);
            }

            @Override
            public void deleted(HorizontalPodAutoscaler last) {
                controller.forget(Ownership.key(last));
            }
        });
        return Controller.of(NAME, List.of(autoscalers, pods), loop);
    }

    private void forget(ObjectKey key) {
        histories.remove(key);
        selectors.remove(key);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<HorizontalPodAutoscaler> found = autoscalers.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        HorizontalPodAutoscaler autoscaler = found.get();
        AutoscalerStatus status = new AutoscalerStatus(autoscaler.getStatus(), clock.instant());
        try {
            ScaleTarget target = ScaleTarget.find(
                    client, kinds, key.namespace(), autoscaler.getSpec().getScaleTargetRef());
            status.set(
                    AutoscalerStatus.ABLE_TO_SCALE,
                    true,
                    new Because("SucceededGetScale", "the HPA controller was able to get the target's current scale"));
            scale(autoscaler, target, status);
        } catch (MetricUnavailableException e) {
            events.warning(autoscaler, "FailedGetScale", e.text());
            status.set(
                    AutoscalerStatus.ABLE_TO_SCALE,
                    false,
                    new Because(
                            "FailedGetScale",
                            "the HPA controller was unable to get the target's current scale: " + e.text()));
        }
        write(autoscaler, status.build());
        return Outcome.again(SYNC_PERIOD);
    }

    private void scale(HorizontalPodAutoscaler autoscaler, ScaleTarget target, AutoscalerStatus status) {
        HorizontalPodAutoscalerSpec spec = autoscaler.getSpec();
        int current = target.specReplicas();
        Instant now = clock.instant();
        ObjectKey key = Ownership.key(autoscaler);
        History history = histories.computeIfAbsent(key, first -> History.beginning(current, now));
        Optional<Decision> bounded = Decision.withoutMetrics(spec, current);
        List<Judgement> judgements = List.of();
        Decision decision;
        if (bounded.isPresent()) {
            decision = bounded.get();
        } else {
            Optional<Decision> unselected = select(autoscaler, target);
            if (unselected.isPresent()) {
                decision = unselected.get();
            } else {
                judgements = judge(autoscaler, target, now);
                decision = Decision.of(spec, current, judgements, history, now);
            }
        }
        List<MetricStatus> shown = judgements.stream().map(Judgement::status).toList();
        switch (decision) {
            case Decision.Disabled() -> {
                status.set(
                        AutoscalerStatus.SCALING_ACTIVE,
                        false,
                        new Because(
                                "ScalingDisabled",
                                "scaling is disabled since the replica count of the target is zero"));
                status.replicas(current, current, List.of(), false);
            }
            case Decision.Bounded(int replicas, String reason) ->
                rescale(autoscaler, target, replicas, reason, shown, status);
            case Decision.Measured(Steady steady, String metric, String reason) -> {
                histories.put(key, steady.history());
                status.set(
                        AutoscalerStatus.SCALING_ACTIVE,
                        true,
                        new Because(
                                "ValidMetricFound",
                                "the HPA was able to successfully calculate a replica count from " + metric));
                status.set(AutoscalerStatus.ABLE_TO_SCALE, true, steady.able());
                status.set(AutoscalerStatus.SCALING_LIMITED, steady.limited(), steady.limit());
                if (steady.replicas() == current) {
                    status.replicas(current, current, shown, false);
                } else {
                    rescale(autoscaler, target, steady.replicas(), reason, shown, status);
                }
            }
            case Decision.Unknown(Because active, String error) -> {
                status.set(AutoscalerStatus.SCALING_ACTIVE, false, active);
                status.replicas(current);
                events.warning(autoscaler, "FailedComputeMetricsReplicas", error);
            }
        }
    }

    private void rescale(
            HorizontalPodAutoscaler autoscaler,
            ScaleTarget target,
            int replicas,
            String reason,
            List<MetricStatus> shown,
            AutoscalerStatus status) {
        int current = target.specReplicas();
        try {
            target.scaleTo(replicas, client);
        } catch (ApiException | ConnectionException e) {
            events.warning(
                    autoscaler,
                    "FailedRescale",
                    "New size: " + replicas + "; reason: " + reason + "; error: " + e.getMessage());
            status.set(
                    AutoscalerStatus.ABLE_TO_SCALE,
                    false,
                    new Because(
                            "FailedUpdateScale",
                            "the HPA controller was unable to update the target scale: " + e.getMessage()));
            status.replicas(current);
            return;
        }
        events.normal(autoscaler, "SuccessfulRescale", "New size: " + replicas + "; reason: " + reason);
        status.set(
                AutoscalerStatus.ABLE_TO_SCALE,
                true,
                new Because(
                        "SucceededRescale", "the HPA controller was able to update the target scale to " + replicas));
        status.replicas(current, replicas, shown, true);
        Duration kept = new Pace(autoscaler.getSpec()).longestPeriod();
        histories.computeIfPresent(
                Ownership.key(autoscaler), (key, history) -> history.change(replicas - current, clock.instant(), kept));
    }

    /** Remembers which pods are the autoscaler's; a decision when they can't be. */
    private Optional<Decision> select(HorizontalPodAutoscaler autoscaler, ScaleTarget target) {
        if (target.selector().isEmpty()) {
            events.warning(autoscaler, "SelectorRequired", "selector is required");
            return Optional.of(new Decision.Unknown(
                    new Because("InvalidSelector", "the HPA target's scale is missing a selector"),
                    "selector is required"));
        }
        ObjectKey key = Ownership.key(autoscaler);
        LabelSelector selector;
        try {
            selector = LabelSelector.parse(target.selector());
        } catch (IllegalArgumentException e) {
            String message =
                    "couldn't convert selector into a corresponding internal selector object: " + e.getMessage();
            events.warning(autoscaler, "InvalidSelector", message);
            return Optional.of(new Decision.Unknown(new Because("InvalidSelector", message), message));
        }
        selectors.put(key, selector);
        TreeSet<String> rivals = new TreeSet<>();
        List<Pod> selected = selected(key.namespace(), selector);
        selectors.forEach((other, theirs) -> {
            if (other.namespace().equals(key.namespace())
                    && selected.stream().anyMatch(pod -> theirs.matches(Ownership.labels(pod)))) {
                rivals.add(other.toString());
            }
        });
        if (rivals.size() > 1) {
            String message = "pods by selector " + selector + " are controlled by multiple HPAs: ["
                    + String.join(" ", rivals) + "]";
            events.warning(autoscaler, "AmbiguousSelector", message);
            return Optional.of(new Decision.Unknown(new Because("AmbiguousSelector", message), message));
        }
        return Optional.empty();
    }

    private List<Judgement> judge(HorizontalPodAutoscaler autoscaler, ScaleTarget target, Instant now) {
        String namespace = Ownership.namespace(autoscaler);
        LabelSelector selector = LabelSelector.parse(target.selector());
        MetricJudge judge = new MetricJudge(
                namespace,
                selector,
                metrics,
                new ReplicaCalculator(
                        target.specReplicas(),
                        target.statusReplicas(),
                        selected(namespace, selector),
                        new Pace(autoscaler.getSpec()).tolerance(),
                        now));
        List<Judgement> judgements =
                autoscaler.getSpec().getMetrics().stream().map(judge::judge).toList();
        for (Judgement judgement : judgements) {
            if (judgement instanceof Judgement.Failed failed) {
                events.warning(autoscaler, failed.reason(), failed.message());
            }
        }
        return judgements;
    }

    private List<Pod> selected(String namespace, LabelSelector selector) {
        return pods.list(namespace).stream()
                .filter(pod -> selector.matches(Ownership.labels(pod)))
                .toList();
    }

    private void write(HorizontalPodAutoscaler autoscaler, HorizontalPodAutoscalerStatus status) {
        if (status.equals(autoscaler.getStatus())) {
            return;
        }
        try {
            client.resource(HorizontalPodAutoscaler.class)
                    .updateStatus(new HorizontalPodAutoscalerBuilder(autoscaler)
                            .withStatus(status)
                            .build());
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) {
                events.warning(autoscaler, "FailedUpdateStatus", String.valueOf(e.getMessage()));
            }
            // The next look comes soon, and sees what is there then.
        } catch (ConnectionException e) {
            // As above.
        }
    }
}
