package io.mokube.controllermanager.controllers.deployment;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.controllermanager.controllers.deployment.RolloutPlan.Step;
import io.mokube.controllermanager.controllers.ownership.Dependents;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rolls Deployments from template to template. {@link Rollout} decides; this reads the caches, carries the steps out in
 * their order and writes the status. A step that fails ends the round, and the next one decides anew.
 */
public final class DeploymentController implements Reconciler<ObjectKey> {

    private static final String NAME = "deployment-controller";
    private static final int WORKERS = 5;
    private static final Duration CACHE_CHECK = Duration.ofSeconds(1);

    private final Store<Deployment> deployments;
    private final Store<ReplicaSet> replicaSets;
    private final Store<Pod> pods;
    private final Dependents<Deployment, ReplicaSet> dependents;
    private final ResourceClient<Deployment> client;
    private final ResourceClient<ReplicaSet> replicaSetClient;
    private final EventRecorder events;
    private final Clock clock;

    private DeploymentController(
            Informer<Deployment> deployments,
            Informer<ReplicaSet> replicaSets,
            Informer<Pod> pods,
            ControllerContext context,
            EventRecorder events) {
        this.deployments = deployments.store();
        this.replicaSets = replicaSets.store();
        this.pods = pods.store();
        this.client = context.client().resource(Deployment.class);
        this.replicaSetClient = context.client().resource(ReplicaSet.class);
        this.dependents = new Dependents<>(replicaSets, client, replicaSetClient);
        this.events = events;
        this.clock = context.platform().clock();
        Dependents.index(pods);
    }

    public static Controller create(ControllerContext context) {
        Informer<Deployment> deployments = context.informers().informer(Deployment.class);
        Informer<ReplicaSet> replicaSets = context.informers().informer(ReplicaSet.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        DeploymentController controller = new DeploymentController(
                deployments, replicaSets, pods, context, context.recorders().apply(NAME));
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller, context.platform());
        deployments.addHandler(Handler.each(deployment -> loop.queue().add(Ownership.key(deployment))));
        deployments.addHandler(new Handler<>() {
            @Override
            public void deleted(Deployment last) {
                controller.forget(last);
            }
        });
        controller.dependents.tellOwners(
                "Deployment", deployments.store(), DeploymentController::selector, loop.queue()::addAfter);
        pods.addHandler(new Handler<>() {
            @Override
            public void updated(Pod before, Pod now) {
                if (PodFacts.isFinished(now) && !PodFacts.isFinished(before)) {
                    deleted(now);
                }
            }

            @Override
            public void deleted(Pod last) {
                controller.waitingForTheEndOf(last).ifPresent(loop.queue()::add);
            }
        });
        return Controller.of(NAME, List.of(deployments, replicaSets, pods), loop);
    }

    /** The Deployment that starts its new pods only when this one has ended. */
    private Optional<ObjectKey> waitingForTheEndOf(Pod pod) {
        String namespace = Ownership.namespace(pod);
        return owner(pod, "ReplicaSet")
                .flatMap(owner -> replicaSets.get(new ObjectKey(namespace, owner.getName())))
                .flatMap(replicaSet -> owner(replicaSet, "Deployment"))
                .flatMap(owner -> deployments.get(new ObjectKey(namespace, owner.getName())))
                .filter(deployment -> !Limits.isRollingUpdate(deployment))
                .map(Ownership::key);
    }

    private static Optional<OwnerReference> owner(HasMetadata object, String kind) {
        return Ownership.controllerOf(object).filter(owner -> owner.getKind().equals(kind));
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Deployment> found = deployments.get(key);
        if (found.isEmpty()) {
            return Outcome.done();
        }
        Deployment deployment = found.get();
        Optional<LabelSelector> selector = selector(deployment);
        if (selector.isEmpty()) {
            return selectingAll(deployment);
        }
        dependents.settle(deployment.getMetadata().getUid());
        if (!dependents.showsWritesOf(deployment.getMetadata().getUid())) {
            return Outcome.again(CACHE_CHECK);
        }
        try {
            return reconcile(deployment, selector.get());
        } finally {
            if (deployments
                    .get(key)
                    .filter(now -> now.getMetadata()
                            .getUid()
                            .equals(deployment.getMetadata().getUid()))
                    .isEmpty()) {
                forget(deployment);
            }
        }
    }

    private Outcome reconcile(Deployment deployment, LabelSelector selector) {
        List<ReplicaSet> owned = dependents.claim(deployment, selector, any -> true);
        RolloutPlan plan = Rollout.plan(deployment, owned, podsOf(deployment, owned), clock.instant());
        for (Step step : plan.steps()) {
            if (!carryOut(deployment, step)) {
                return Outcome.done();
            }
        }
        Optional<Deployment> current = plan.revision()
                .map(revision -> writeRevision(deployment, revision))
                .orElse(Optional.of(deployment));
        current.ifPresent(latest -> writeStatus(latest, plan.status()));
        return plan.again().map(Outcome::again).orElseGet(Outcome::done);
    }

    /** Only a Deployment that recreates its pods looks at them. */
    private Collection<Pod> podsOf(Deployment deployment, List<ReplicaSet> owned) {
        return Limits.isRollingUpdate(deployment)
                ? List.of()
                : owned.stream()
                        .flatMap(replicaSet ->
                                Dependents.of(pods, replicaSet.getMetadata().getUid()).stream())
                        .toList();
    }

    private boolean carryOut(Deployment deployment, Step step) {
        try {
            return switch (step) {
                case Step.Create(ReplicaSet wanted) -> create(deployment, wanted);
                case Step.Update update -> update(deployment, update);
                case Step.Delete(ReplicaSet replicaSet) -> delete(deployment, replicaSet);
            };
        } catch (RuntimeException e) {
            dependents.writes().failed(deployment.getMetadata().getUid(), Ownership.key(step.replicaSet()), e);
            throw e;
        }
    }

    // Steps. Each returns whether the next one may follow; false leaves the rest to the change that got in between,
    // which
    // brings the key back.

    private boolean create(Deployment deployment, ReplicaSet wanted) {
        ReplicaSet created;
        try {
            created = replicaSetClient.create(wanted);
        } catch (ApiException e) {
            if (NamespaceEnding.isCauseOf(e)) {
                return false;
            }
            if (e.isAlreadyExists()) {
                return createdBefore(deployment, wanted);
            }
            String message = String.valueOf(e.getMessage());
            String name = wanted.getMetadata().getName();
            events.warning(
                    deployment,
                    "ReplicaSetCreateError",
                    "Failed to create new replica set \"" + name + "\": " + message);
            writeStatus(deployment, RolloutStatus.creationFailed(deployment, name, message, clock.instant()));
            throw e;
        }
        dependents.writes().stored(deployment.getMetadata().getUid(), created);
        if (orZero(created.getSpec().getReplicas()) > 0) {
            scaled(deployment, created, 0);
        }
        return true;
    }

    /**
     * The name is taken: by this very ReplicaSet, whose creation got no answer, or by another template with the same
     * hash, in which case the collision is counted and changes the next hash.
     */
    private boolean createdBefore(Deployment deployment, ReplicaSet wanted) {
        Optional<ReplicaSet> existing = replicaSetClient.get(Ownership.key(wanted));
        if (existing.isEmpty()) {
            throw new IllegalStateException("the replica set " + Ownership.key(wanted) + " was there and is gone");
        }
        boolean ours = Ownership.isControlledBy(existing.get(), deployment)
                && PodTemplates.same(
                        existing.get().getSpec().getTemplate(), wanted.getSpec().getTemplate());
        if (ours) {
            dependents.writes().stored(deployment.getMetadata().getUid(), existing.get());
            return true;
        }
        @Nullable DeploymentStatus status = deployment.getStatus();
        int collisions = status == null ? 0 : orZero(status.getCollisionCount());
        writeStatus(
                deployment,
                (status == null ? new DeploymentStatusBuilder() : new DeploymentStatusBuilder(status))
                        .withCollisionCount(collisions + 1)
                        .build());
        return false;
    }

    private boolean update(Deployment deployment, Step.Update update) {
        ReplicaSet updated;
        try {
            updated = replicaSetClient.update(update.replicaSet());
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) {
                return false;
            }
            throw e;
        }
        dependents.writes().stored(deployment.getMetadata().getUid(), updated);
        if (update.from() != update.to()) {
            scaled(deployment, updated, update.from());
        }
        return true;
    }

    private boolean delete(Deployment deployment, ReplicaSet replicaSet) {
        try {
            replicaSetClient.delete(
                    Ownership.key(replicaSet),
                    DeleteOptions.DEFAULT.withUid(replicaSet.getMetadata().getUid()));
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                throw e;
            }
        }
        dependents.writes().deleted(deployment.getMetadata().getUid(), replicaSet);
        return true;
    }

    private void scaled(Deployment deployment, ReplicaSet replicaSet, int from) {
        int to = orZero(replicaSet.getSpec().getReplicas());
        events.normal(
                deployment,
                "ScalingReplicaSet",
                "Scaled %s replica set %s from %d to %d"
                        .formatted(
                                to > from ? "up" : "down",
                                replicaSet.getMetadata().getName(),
                                from,
                                to));
    }

    /** The Deployment with its new revision, or nothing when it was changed meanwhile. */
    private Optional<Deployment> writeRevision(Deployment deployment, String revision) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("resourceVersion", deployment.getMetadata().getResourceVersion());
        metadata.putObject("annotations").put(Revisions.REVISION, revision);
        try {
            return Optional.of(client.patch(Ownership.key(deployment), PatchKind.MERGE, patch));
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private void writeStatus(Deployment deployment, DeploymentStatus status) {
        @Nullable DeploymentStatus old = deployment.getStatus();
        if (status.equals(old)) {
            return;
        }
        try {
            client.updateStatus(
                    new DeploymentBuilder(deployment).withStatus(status).build());
        } catch (ApiException e) {
            if (!e.isConflict() && !e.isNotFound()) {
                throw e;
            }
        }
    }

    private Outcome selectingAll(Deployment deployment) {
        events.warning(
                deployment, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
        @Nullable DeploymentStatus status = deployment.getStatus();
        @Nullable Long observed = status == null ? null : status.getObservedGeneration();
        if (observed == null || observed < Ownership.generation(deployment)) {
            writeStatus(
                    deployment,
                    (status == null ? new DeploymentStatusBuilder() : new DeploymentStatusBuilder(status))
                            .withObservedGeneration(Ownership.generation(deployment))
                            .build());
        }
        return Outcome.done();
    }

    private void forget(Deployment deployment) {
        dependents.writes().forget(deployment.getMetadata().getUid());
    }

    private static Optional<LabelSelector> selector(Deployment deployment) {
        return Ownership.selector(deployment.getSpec().getSelector()).filter(selector -> !selector.isEmpty());
    }
}
