package io.mokube.controllermanager.controllers.statefulset;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ModelKind;
import io.mokube.controllermanager.controllers.ModelKind.Refused;
import io.mokube.controllermanager.controllers.ModelServer;
import io.mokube.controllermanager.controllers.history.Histories;
import io.mokube.controllermanager.controllers.history.History;
import io.mokube.controllermanager.controllers.history.RevisionData;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.controllermanager.controllers.statefulset.SetPlan.Step;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A small cluster with one StatefulSet, whose controller works as its shell does it. The decisions are the real ones. */
final class SetCluster extends ModelServer {

    final ModelKind<StatefulSet> sets = kind();
    final ModelKind<ControllerRevision> revisions = kind();

    /** What the controller did in its last round, with the pods as they really were at that moment. */
    final List<Deed> deeds = new ArrayList<>();

    private final Histories history = new Histories(this, revisions, "controller.kubernetes.io/hash", this::answer);
    private OwnWrites podWrites = new OwnWrites();
    private OwnWrites statusWrites = new OwnWrites();

    private boolean waits = true;

    /** Plants a fault: the controller decides on caches that don't show what it did. */
    void dontWaitForOwnWrites() {
        waits = false;
    }

    /** A request of the controller. */
    record Deed(StatefulSet seen, Step step, List<Pod> livePods) {}

    SetCluster(StatefulSet set) {
        sets.store(new StatefulSetBuilder(set).build());
        sets.deliver(1);
    }

    StatefulSet set() {
        return sets.live.values().iterator().next();
    }

    void change(StatefulSet changed) {
        changed.getMetadata().setGeneration(Ownership.generation(set()) + 1);
        sets.store(changed);
    }

    void restartController() {
        podWrites = new OwnWrites();
        statusWrites = new OwnWrites();
        history.restart();
        sets.relist();
        pods.relist();
    }

    void reconcile() {
        deeds.clear();
        StatefulSet set = sets.cache.values().iterator().next();
        String uid = set.getMetadata().getUid();
        podWrites.settle(uid, pods::read);
        statusWrites.settle(uid, sets::read);
        if (waits
                && (!podWrites.observed(uid, pods.cache::get, pods.version())
                        || !history.showsWritesOf(uid)
                        || !statusWrites.observed(uid, key -> set, 0))) {
            return;
        }
        try {
            ControllerRevision revision = history.position(set, set.getSpec().getTemplate());
            Revision update =
                    new Revision(revision.getMetadata().getName(), set.getSpec().getTemplate());
            Revision current = current(set).orElse(update);
            List<Pod> owned = pods.cache.values().stream()
                    .filter(pod -> Ownership.isControlledBy(pod, set))
                    .toList();
            SetPlan plan = SetDecision.plan(set, current, update, owned, claim -> Optional.empty(), now());
            try {
                carryOut(set, plan);
            } finally {
                if (!plan.status().equals(set.getStatus())) {
                    writeStatus(set, plan.status());
                }
            }
            trim(set, owned, current, update);
        } catch (Refused | ConnectionException e) {
            // The next round looks again.
        }
    }

    private Optional<Revision> current(StatefulSet set) {
        return Optional.ofNullable(set.getStatus())
                .flatMap(status -> history.all().stream()
                        .filter(revision -> revision.getMetadata().getName().equals(status.getCurrentRevision()))
                        .findFirst())
                .map(revision -> new Revision(
                        revision.getMetadata().getName(),
                        RevisionData.template(revision).orElseThrow()));
    }

    private void trim(StatefulSet set, List<Pod> owned, Revision current, Revision update) {
        Set<String> inUse = new HashSet<>(owned.stream().map(Members::revision).toList());
        inUse.add(current.name());
        inUse.add(update.name());
        history.drop(History.surplus(
                history.all().stream()
                        .filter(revision ->
                                !inUse.contains(revision.getMetadata().getName()))
                        .toList(),
                any -> false,
                set.getSpec().getRevisionHistoryLimit()));
    }

    private void writeStatus(StatefulSet set, StatefulSetStatus status) {
        String uid = set.getMetadata().getUid();
        try {
            statusWrites.stored(
                    uid,
                    answer(() -> sets.store(new StatefulSetBuilder(sets.current(set))
                            .withStatus(status)
                            .build())));
        } catch (ConnectionException e) {
            statusWrites.failed(uid, Ownership.key(set), e);
            throw e;
        }
    }

    /** Of steps taken together, one that fails does not keep others from being taken. */
    private void carryOut(StatefulSet set, SetPlan plan) {
        Optional<RuntimeException> first = Optional.empty();
        for (Step step : plan.steps()) {
            try {
                carryOut(set, step);
            } catch (Refused | ConnectionException e) {
                if (!plan.together()) {
                    throw e;
                }
                first = first.or(() -> Optional.of(e));
            }
        }
        first.ifPresent(error -> {
            throw error;
        });
    }

    private void carryOut(StatefulSet set, Step step) {
        deeds.add(new Deed(set, step, List.copyOf(pods.live.values())));
        switch (step) {
            case Step.CreatePod(Pod pod, var claims) -> create(set, pod);
            case Step.DeletePod(Pod pod) -> delete(set, pod);
            case Step.UpdatePod(Pod pod) -> pods.store(new PodBuilder(pods.current(pod)).build());
            case Step.CreateClaims claims -> throw new AssertionError("the set has no claims");
            case Step.UpdateClaim claim -> throw new AssertionError("the set has no claims");
            case Step.Report report -> throw new AssertionError("nothing is in the way");
        }
    }

    private void create(StatefulSet set, Pod pod) {
        String uid = set.getMetadata().getUid();
        ObjectKey key = Ownership.key(pod);
        Optional<Pod> there = pods.read(key);
        if (there.isPresent()) {
            podWrites.stored(uid, there.get());
            return;
        }
        Pod named = new PodBuilder(pod)
                .editMetadata()
                .withUid("uid-" + nextName())
                .withCreationTimestamp(Times.format(now()))
                .endMetadata()
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build();
        try {
            podWrites.stored(uid, answer(() -> {
                if (pods.read(key).isPresent()) {
                    throw new Refused();
                }
                return pods.store(named);
            }));
        } catch (ConnectionException e) {
            podWrites.failed(uid, key, e);
            throw e;
        }
    }

    private void delete(StatefulSet set, Pod pod) {
        String uid = set.getMetadata().getUid();
        try {
            answer(() -> {
                pods.read(Ownership.key(pod))
                        .filter(there -> Ownership.isSame(there, pod))
                        .ifPresent(this::podIsDeleted);
                return pod;
            });
            podWrites.deleted(uid, pod);
        } catch (ConnectionException e) {
            podWrites.failed(uid, Ownership.key(pod), e);
            throw e;
        }
    }
}
