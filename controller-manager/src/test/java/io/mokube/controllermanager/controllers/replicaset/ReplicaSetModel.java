package io.mokube.controllermanager.controllers.replicaset;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.Claim;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Failure;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetDecision.Change;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One ReplicaSet and the pods of its namespace: a server, caches that lag behind it, and the controller's shell with the
 * real claims, decisions and memory of its own writes. Requests may be refused, or carried out without an answer.
 */
final class ReplicaSetModel {

    static final String NAME = "web";
    private static final LabelSelector SELECTOR = LabelSelector.parse("app=web");
    private static final GroupResource PODS = new GroupResource("", "pods");

    private record Event(
            long revision, ObjectKey key, @Nullable Pod pod) {}

    private final Map<ObjectKey, Pod> live = pods();
    private final List<Event> history = new ArrayList<>();
    private final Map<ObjectKey, Pod> cache = pods();
    private final Deque<String> namesToReuse = new ArrayDeque<>();

    /** Pods that somebody took away or gave back behind the controller's back; nobody can count them beforehand. */
    private final Set<String> relabelled = new HashSet<>();

    private OwnWrites writes = new OwnWrites();
    private ReplicaSet replicaSet;
    private ReplicaSet cachedReplicaSet;
    private int seen;
    private long version;
    private long revision;
    private int names;
    private int answersToLose;
    private int creationsToRefuse;
    private int mostWanted;
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    ReplicaSetModel(int replicas) {
        replicaSet = newReplicaSet(replicas);
        cachedReplicaSet = replicaSet;
        mostWanted = replicas;
    }

    private static Map<ObjectKey, Pod> pods() {
        return new TreeMap<>((one, other) -> one.name().compareTo(other.name()));
    }

    private ReplicaSet newReplicaSet(int replicas) {
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(NAME)
                .withUid("uid-" + ++names)
                .withGeneration(1L)
                .withResourceVersion(Long.toString(++revision))
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .endSpec()
                .build();
    }

    // -- what users, nodes and bad luck do ------------------------------------------------------------------------

    void tick() {
        now = now.plusSeconds(1);
    }

    long revision() {
        return revision;
    }

    List<Pod> live() {
        return List.copyOf(live.values());
    }

    void scale(int replicas) {
        mostWanted = Math.max(mostWanted, replicas);
        replicaSet = new ReplicaSetBuilder(replicaSet)
                .editMetadata()
                .withGeneration(Ownership.generation(replicaSet) + 1)
                .withResourceVersion(Long.toString(++revision))
                .endMetadata()
                .editSpec()
                .withReplicas(replicas)
                .endSpec()
                .build();
    }

    /** Another of the same name takes its place. */
    void replaceByNamesake() {
        replicaSet = newReplicaSet(replicaSet.getSpec().getReplicas());
    }

    /** Pods of owners that are gone are deleted. */
    void collectGarbage() {
        String uid = replicaSet.getMetadata().getUid();
        for (Pod pod : live()) {
            if (Ownership.controllerOf(pod)
                    .filter(owner -> !owner.getUid().equals(uid))
                    .isPresent()) {
                isDeleted(pod);
            }
        }
    }

    void becomesReady(Pod pod) {
        if (PodFacts.isActive(pod)) {
            store(Pods.ready(pod, now));
        }
    }

    void ends(Pod pod, String phase) {
        store(Pods.finished(pod, phase));
    }

    void isDeleted(Pod pod) {
        if (!Ownership.isBeingDeleted(pod)) {
            store(Pods.deleting(pod, now));
        }
    }

    void isGone(Pod pod) {
        if (Ownership.isBeingDeleted(pod)) {
            live.remove(Ownership.key(pod));
            history.add(new Event(++revision, Ownership.key(pod), null));
        }
    }

    /** Somebody makes a pod match, or match no more. */
    void relabel(Pod pod) {
        boolean matches = SELECTOR.matches(Ownership.labels(pod));
        relabelled.add(pod.getMetadata().getUid());
        store(new PodBuilder(pod)
                .editMetadata()
                .addToLabels("app", matches ? "other" : "web")
                .endMetadata()
                .build());
    }

    /** Somebody makes a pod by hand that matches. */
    void makeOrphan() {
        store(new PodBuilder(Pods.pending("by-hand-" + ++names))
                .editMetadata()
                .withUid("uid-" + ++names)
                .addToLabels("app", "web")
                .endMetadata()
                .build());
    }

    void loseAnswers(int count) {
        answersToLose = count;
    }

    void refuseCreations(int count) {
        creationsToRefuse = count;
    }

    // -- the caches and the controller ----------------------------------------------------------------------------

    void deliver(int count) {
        for (int i = 0; i < count && seen < history.size(); i++) {
            show(history.get(seen++));
        }
    }

    /** A watch that begins too early repeats what was seen; an informer drops it. */
    void repeat(int count) {
        for (int i = Math.max(0, seen - count); i < seen; i++) {
            show(history.get(i));
        }
    }

    private void show(Event event) {
        if (event.revision() <= version) {
            return;
        }
        version = event.revision();
        if (event.pod() == null) {
            cache.remove(event.key());
        } else {
            cache.put(event.key(), event.pod());
        }
    }

    /** The cache jumps to the present; what happened in between is lost. */
    void relist() {
        seen = history.size();
        version = revision;
        cache.clear();
        cache.putAll(live);
    }

    void deliverReplicaSet() {
        if (!cachedReplicaSet
                .getMetadata()
                .getUid()
                .equals(replicaSet.getMetadata().getUid())) {
            writes.forget(cachedReplicaSet.getMetadata().getUid());
            namesToReuse.clear();
        }
        cachedReplicaSet = replicaSet;
    }

    void restart() {
        writes = new OwnWrites();
        namesToReuse.clear();
        cachedReplicaSet = replicaSet;
        relist();
    }

    void reconcile() {
        ReplicaSet owner = cachedReplicaSet;
        String uid = owner.getMetadata().getUid();
        writes.settle(uid, key -> Optional.ofNullable(live.get(key)))
                .forEach(found -> namesToReuse.remove(found.name()));
        if (!writes.observed(uid, cache::get, version)) {
            return;
        }
        List<Pod> owned = claim(owner);
        List<Pod> active = owned.stream().filter(PodFacts::isActive).toList();
        int terminating =
                Math.toIntExact(owned.stream().filter(PodFacts::isTerminating).count());
        Optional<Failure> failure = Optional.empty();
        try {
            switch (ReplicaSetDecision.change(owner, active, () -> active, now)) {
                case Change.None() -> {}
                case Change.Create(int count) -> {
                    for (int i = 0; i < count; i++) {
                        create(owner);
                    }
                }
                case Change.Delete(List<Pod> surplus) -> surplus.forEach(pod -> delete(owner, pod));
            }
        } catch (ApiException e) {
            failure = Optional.of(Failure.creating(String.valueOf(e.getMessage())));
        } catch (ConnectionException e) {
            return; // the next round looks again
        }
        ReplicaSetStatus status = ReplicaSetDecision.status(owner, active, terminating, failure, now);
        boolean current = Ownership.revision(owner) == Ownership.revision(replicaSet)
                && uid.equals(replicaSet.getMetadata().getUid());
        if (current && !status.equals(replicaSet.getStatus())) {
            replicaSet = new ReplicaSetBuilder(replicaSet)
                    .editMetadata()
                    .withResourceVersion(Long.toString(++revision))
                    .endMetadata()
                    .withStatus(status)
                    .build();
        }
    }

    private List<Pod> claim(ReplicaSet owner) {
        List<Pod> candidates = cache.values().stream()
                .filter(pod -> Ownership.isControlledBy(pod, owner)
                        || (Ownership.controllerOf(pod).isEmpty() && PodFacts.isActive(pod)))
                .toList();
        Claim<Pod> claim = Claim.of(owner, SELECTOR, candidates);
        List<Pod> owned = new ArrayList<>(claim.owned());
        claim.release().stream().filter(PodFacts::isActive).forEach(pod -> writeOwners(owner, pod, List.of()));
        boolean livesOn =
                owner.getMetadata().getUid().equals(replicaSet.getMetadata().getUid());
        if (livesOn) {
            claim.adopt()
                    .forEach(orphan -> writeOwners(owner, orphan, List.of(Ownership.controllerReference(owner)))
                            .ifPresent(owned::add));
        }
        return owned;
    }

    private Optional<Pod> writeOwners(ReplicaSet owner, Pod pod, List<OwnerReference> references) {
        Pod stored = live.get(Ownership.key(pod));
        if (stored == null || Ownership.revision(stored) != Ownership.revision(pod)) {
            return Optional.empty();
        }
        Pod written = store(new PodBuilder(stored)
                .editMetadata()
                .withOwnerReferences(references)
                .endMetadata()
                .build());
        writes.stored(owner.getMetadata().getUid(), written);
        return Optional.of(written);
    }

    private void create(ReplicaSet owner) {
        if (creationsToRefuse > 0) {
            creationsToRefuse--;
            throw ApiException.forbidden(PODS, "", "exceeded quota");
        }
        String uid = owner.getMetadata().getUid();
        String name = namesToReuse.isEmpty() ? NAME + "-" + ++names : namesToReuse.remove();
        ObjectKey key = new ObjectKey("default", name);
        Pod there = live.get(key);
        if (there != null) {
            writes.stored(uid, there);
            return;
        }
        try {
            writes.stored(uid, answer(() -> createdAtServer(owner, name)));
        } catch (ConnectionException e) {
            writes.failed(uid, key, e);
            namesToReuse.add(name);
            throw e;
        }
    }

    private Pod createdAtServer(ReplicaSet owner, String name) {
        Pod created = store(new PodBuilder(Pods.pending(name))
                .editMetadata()
                .withUid("uid-" + ++names)
                .addToLabels("app", "web")
                .withCreationTimestamp(Times.format(now))
                .withOwnerReferences(Ownership.controllerReference(owner))
                .endMetadata()
                .build());
        assertThat(activeOf(owner)).as("active pods once one is created").isLessThanOrEqualTo(mostWanted);
        return created;
    }

    private void delete(ReplicaSet owner, Pod surplus) {
        String uid = owner.getMetadata().getUid();
        try {
            answer(() -> {
                Pod stored = live.get(Ownership.key(surplus));
                if (stored != null) {
                    isDeleted(stored);
                }
                return surplus;
            });
            writes.deleted(uid, surplus);
        } catch (ConnectionException e) {
            writes.failed(uid, Ownership.key(surplus), e);
            throw e;
        }
    }

    private Pod store(Pod pod) {
        Pod stored = Pods.atRevision(pod, ++revision);
        live.put(Ownership.key(stored), stored);
        history.add(new Event(revision, Ownership.key(stored), stored));
        return stored;
    }

    private Pod answer(Supplier<Pod> request) {
        Pod answer = request.get();
        if (answersToLose > 0) {
            answersToLose--;
            throw new ConnectionException("the answer is lost");
        }
        return answer;
    }

    // -- what must hold -------------------------------------------------------------------------------------------

    private long activeOf(ReplicaSet owner) {
        return live.values().stream()
                .filter(pod -> Ownership.isControlledBy(pod, owner) && PodFacts.isActive(pod))
                .filter(pod -> !relabelled.contains(pod.getMetadata().getUid()))
                .count();
    }

    /** Everything is as the ReplicaSet wants it, and it says so. */
    void assertSettled() {
        int replicas = replicaSet.getSpec().getReplicas();
        List<String> active = live.values().stream()
                .filter(PodFacts::isActive)
                .filter(pod -> SELECTOR.matches(Ownership.labels(pod)))
                .map(pod -> pod.getMetadata().getName()
                        + (Ownership.isControlledBy(pod, replicaSet) ? "" : ", of another owner"))
                .toList();
        assertThat(active).hasSize(replicas).noneMatch(name -> name.contains("another"));
        assertThat(replicaSet.getStatus().getReplicas()).isEqualTo(replicas);
        assertThat(replicaSet.getStatus().getReadyReplicas()).isEqualTo(replicas);
        assertThat(replicaSet.getStatus().getObservedGeneration()).isEqualTo(Ownership.generation(replicaSet));
        assertThat(replicaSet.getStatus().getConditions()).isEmpty();
    }
}
