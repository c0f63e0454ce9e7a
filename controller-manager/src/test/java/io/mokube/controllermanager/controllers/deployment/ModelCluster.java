package io.mokube.controllermanager.controllers.deployment;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ModelKind;
import io.mokube.controllermanager.controllers.ModelKind.Refused;
import io.mokube.controllermanager.controllers.ModelServer;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.deployment.RolloutPlan.Step;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetDecisions;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A cluster small enough to be wrong in every way, with both controllers as their shells do it. The decisions are the
 * real ones.
 */
final class ModelCluster extends ModelServer {

    final ModelKind<Deployment> deployments = kind();
    final ModelKind<ReplicaSet> replicaSets = kind();

    private final Map<String, Deque<String>> unanswered = new HashMap<>();
    private OwnWrites deploymentWrites = new OwnWrites();
    private OwnWrites replicaSetWrites = new OwnWrites();

    /** The most pods that any spec so far allowed. */
    private int most;

    ModelCluster(Deployment deployment) {
        deployments.store(deployment);
        most = Limits.of(deployment).most();
        deployments.deliver(1);
    }

    // -- what users, nodes and bad luck do ------------------------------------------------------------------------

    Deployment deployment() {
        return deployments.live.values().iterator().next();
    }

    void change(Deployment changed) {
        changed.getMetadata().setGeneration(Ownership.generation(deployment()) + 1);
        most = Math.max(most, Limits.of(changed).most());
        deployments.store(changed);
    }

    void restartControllers() {
        deploymentWrites = new OwnWrites();
        replicaSetWrites = new OwnWrites();
        deployments.relist();
        replicaSets.relist();
        pods.relist();
    }

    // -- the controllers, as their shells do it -------------------------------------------------------------------

    void reconcileDeployment() {
        Deployment deployment = deployments.cache.values().iterator().next();
        String uid = deployment.getMetadata().getUid();
        deploymentWrites.settle(uid, key -> Optional.ofNullable(replicaSets.live.get(key)));
        if (!deploymentWrites.observed(uid, replicaSets.cache::get, replicaSets.version())) {
            return;
        }
        List<ReplicaSet> owned = replicaSets.cache.values().stream()
                .filter(replicaSet -> Ownership.isControlledBy(replicaSet, deployment))
                .toList();
        RolloutPlan plan = Rollout.plan(deployment, owned, pods.cache.values(), now());
        try {
            for (Step step : plan.steps()) {
                carryOut(uid, step);
            }
            Deployment latest = deployment;
            if (plan.revision().isPresent()) {
                Deployment stored = deployments.current(deployment);
                latest = deployments.store(new DeploymentBuilder(stored)
                        .editMetadata()
                        .addToAnnotations(Revisions.REVISION, plan.revision().get())
                        .endMetadata()
                        .build());
            }
            if (!plan.status().equals(latest.getStatus())) {
                deployments.store(new DeploymentBuilder(deployments.current(latest))
                        .withStatus(plan.status())
                        .build());
            }
        } catch (Refused | ConnectionException e) {
            // The next round looks again.
        }
    }

    private void carryOut(String uid, Step step) {
        try {
            switch (step) {
                case Step.Create(ReplicaSet wanted) -> deploymentWrites.stored(uid, create(wanted));
                case Step.Update update -> deploymentWrites.stored(uid, update(update.replicaSet()));
                case Step.Delete(ReplicaSet replicaSet) -> {
                    delete(replicaSet);
                    deploymentWrites.deleted(uid, replicaSet);
                }
            }
        } catch (ConnectionException e) {
            deploymentWrites.failed(uid, Ownership.key(step.replicaSet()), e);
            throw e;
        }
    }

    void reconcileReplicaSet(ReplicaSet replicaSet) {
        String uid = replicaSet.getMetadata().getUid();
        replicaSetWrites
                .settle(uid, key -> Optional.ofNullable(pods.live.get(key)))
                .forEach(found -> namesToReuse(uid).remove(found.name()));
        if (!replicaSetWrites.observed(uid, pods.cache::get, pods.version())) {
            return;
        }
        List<Pod> owned = pods.cache.values().stream()
                .filter(pod -> Ownership.isControlledBy(pod, replicaSet))
                .toList();
        List<Pod> active = owned.stream().filter(PodFacts::isActive).toList();
        ReplicaSetDecisions.Decision decision = ReplicaSetDecisions.decide(replicaSet, active, now());
        try {
            for (int i = 0; i < decision.create(); i++) {
                replicaSetWrites.stored(uid, createPod(replicaSet));
            }
            for (Pod surplus : decision.delete()) {
                delete(uid, surplus);
            }
            var status = ReplicaSetDecisions.status(replicaSet, active, owned.size() - active.size(), now());
            if (!status.equals(replicaSet.getStatus())) {
                ReplicaSet stored = replicaSets.current(replicaSet);
                replicaSets.store(
                        new ReplicaSetBuilder(stored).withStatus(status).build());
            }
        } catch (Refused | ConnectionException e) {
            // The next round looks again.
        }
    }

    private ReplicaSet create(ReplicaSet wanted) {
        ReplicaSet there = replicaSets.live.get(Ownership.key(wanted));
        if (there != null) {
            if (!PodTemplates.same(
                    there.getSpec().getTemplate(), wanted.getSpec().getTemplate())) {
                throw new AssertionError("no two templates of this model have the same hash");
            }
            return there;
        }
        return answer(() -> replicaSets.store(new ReplicaSetBuilder(wanted)
                .editMetadata()
                .withUid("uid-" + nextName())
                .withGeneration(1L)
                .withCreationTimestamp(Times.format(now()))
                .endMetadata()
                .build()));
    }

    private ReplicaSet update(ReplicaSet wanted) {
        ReplicaSet stored = replicaSets.current(wanted);
        boolean specChanged =
                !Objects.equals(stored.getSpec().getReplicas(), wanted.getSpec().getReplicas());
        return answer(() -> replicaSets.store(new ReplicaSetBuilder(wanted)
                .editMetadata()
                .withGeneration(Ownership.generation(stored) + (specChanged ? 1 : 0))
                .endMetadata()
                .withStatus(stored.getStatus())
                .build()));
    }

    private void delete(ReplicaSet replicaSet) {
        if (podsOf(replicaSet).stream().anyMatch(PodFacts::isActive)) {
            throw new AssertionError("a replica set was removed from history while it had pods");
        }
        answer(() -> {
            replicaSets.remove(Ownership.key(replicaSet));
            return replicaSet;
        });
    }

    private Pod createPod(ReplicaSet replicaSet) {
        String uid = replicaSet.getMetadata().getUid();
        Deque<String> again = namesToReuse(uid);
        String name = again.isEmpty() ? replicaSet.getMetadata().getName() + "-" + nextName() : again.remove();
        Pod there = pods.live.get(new ObjectKey("default", name));
        if (there != null) {
            return there;
        }
        try {
            return answer(() -> pods.store(new PodBuilder(Pods.pending(name))
                    .editMetadata()
                    .withUid("uid-" + nextName())
                    .withOwnerReferences(Ownership.controllerReference(replicaSet))
                    .endMetadata()
                    .build()));
        } catch (ConnectionException e) {
            replicaSetWrites.failed(uid, new ObjectKey("default", name), e);
            again.add(name);
            throw e;
        }
    }

    private Deque<String> namesToReuse(String ownerUid) {
        return unanswered.computeIfAbsent(ownerUid, uid -> new ArrayDeque<>());
    }

    private void delete(String ownerUid, Pod surplus) {
        try {
            answer(() -> {
                Optional.ofNullable(pods.live.get(Ownership.key(surplus))).ifPresent(this::podIsDeleted);
                return surplus;
            });
            replicaSetWrites.deleted(ownerUid, surplus);
        } catch (ConnectionException e) {
            replicaSetWrites.failed(ownerUid, Ownership.key(surplus), e);
            throw e;
        }
    }

    // -- what must hold -------------------------------------------------------------------------------------------

    List<Pod> podsOf(ReplicaSet replicaSet) {
        return pods.live.values().stream()
                .filter(pod -> Ownership.isControlledBy(pod, replicaSet))
                .toList();
    }

    long activePods() {
        return pods.live.values().stream().filter(PodFacts::isActive).count();
    }

    int mostAllowed() {
        return most;
    }
}
