package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.controllermanager.controllers.ownership.NameSuffix;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetDecision.Failure;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Creates and deletes pods for ReplicaSets, several at once.
 *
 * <p>It picks the names of new pods itself. When a creation got no answer, the next one takes the same name again, unless its
 * pod was found: if the first is carried out late, there is no second pod. Safe for use by many threads.
 */
final class PodChanges {

    private static final int MOST_AT_ONCE = 64;

    private final ResourceClient<Pod> pods;
    private final OwnWrites writes;
    private final EventRecorder events;
    private final RandomGenerator random;

    /** The names whose creation got no answer, by the owner's UID. */
    private final Map<String, Queue<String>> unanswered = new ConcurrentHashMap<>();

    PodChanges(ResourceClient<Pod> pods, OwnWrites writes, EventRecorder events, RandomGenerator random) {
        this.pods = pods;
        this.writes = writes;
        this.events = events;
        this.random = random;
    }

    /**
     * How it went.
     *
     * @param failure what the status should say
     * @param error the first error, to be thrown once the status is written
     */
    record Result(Optional<Failure> failure, @Nullable RuntimeException error) {

        static final Result SUCCESS = new Result(Optional.empty(), null);

        void throwError() {
            if (error != null) {
                throw error;
            }
        }
    }

    /** These pods are there: a creation without an answer was carried out. */
    void foundPods(ReplicaSet replicaSet, List<ObjectKey> found) {
        Queue<String> names = namesToReuse(replicaSet.getMetadata().getUid());
        found.forEach(pod -> names.remove(pod.name()));
    }

    private Queue<String> namesToReuse(String ownerUid) {
        return unanswered.computeIfAbsent(ownerUid, uid -> new ConcurrentLinkedQueue<>());
    }

    /**
     * Creates pods, first one, then two, then four at once, and stops after a round in which one fails: when all would
     * fail for the same reason, the server is spared most of them.
     */
    Result create(ReplicaSet replicaSet, int count) throws InterruptedException {
        int left = count;
        for (int batch = 1; left > 0; batch = Math.min(2 * batch, MOST_AT_ONCE)) {
            int size = Math.min(batch, left);
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                tasks.add(() -> {
                    createOne(replicaSet);
                    return null;
                });
            }
            Optional<RuntimeException> error = runAll(tasks);
            if (error.isPresent()) {
                return result(error.get(), true);
            }
            left -= size;
        }
        return Result.SUCCESS;
    }

    /** Deletes pods, all of them even when one fails. */
    Result delete(ReplicaSet replicaSet, List<Pod> surplus) throws InterruptedException {
        Result result = Result.SUCCESS;
        for (int from = 0; from < surplus.size(); from += MOST_AT_ONCE) {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (Pod pod : surplus.subList(from, Math.min(from + MOST_AT_ONCE, surplus.size()))) {
                tasks.add(() -> {
                    deleteOne(replicaSet, pod);
                    return null;
                });
            }
            Optional<RuntimeException> error = runAll(tasks);
            if (error.isPresent() && result.error() == null) {
                result = result(error.get(), false);
            }
        }
        return result;
    }

    /** The ReplicaSet is gone. */
    void forget(ReplicaSet replicaSet) {
        unanswered.remove(replicaSet.getMetadata().getUid());
    }

    private void createOne(ReplicaSet replicaSet) {
        String uid = replicaSet.getMetadata().getUid();
        String base = replicaSet.getMetadata().getName() + "-";
        @Nullable String again = namesToReuse(uid).poll();
        String name = again == null ? NameSuffix.random(base, random) : again;
        Pod created;
        try {
            created = pods.create(pod(replicaSet, name, base));
        } catch (ConnectionException e) {
            creationFailed(replicaSet, name, e);
            throw e;
        } catch (ApiException e) {
            creationFailed(replicaSet, name, e);
            Optional<Pod> made = e.isAlreadyExists() ? madeBefore(replicaSet, name) : Optional.empty();
            if (made.isEmpty()) {
                if (!NamespaceEnding.isCauseOf(e)) {
                    events.warning(replicaSet, "FailedCreate", "Error creating: " + e.getMessage());
                }
                throw e;
            }
            created = made.get();
        }
        writes.stored(uid, created);
        events.normal(
                replicaSet,
                "SuccessfulCreate",
                "Created pod: " + created.getMetadata().getName());
    }

    private void creationFailed(ReplicaSet replicaSet, String name, RuntimeException failure) {
        String uid = replicaSet.getMetadata().getUid();
        if (writes.failed(uid, new ObjectKey(Ownership.namespace(replicaSet), name), failure)) {
            namesToReuse(uid).add(name);
        }
    }

    private Optional<Pod> madeBefore(ReplicaSet replicaSet, String name) {
        return pods.get(new ObjectKey(Ownership.namespace(replicaSet), name))
                .filter(pod -> Ownership.isControlledBy(pod, replicaSet));
    }

    private void deleteOne(ReplicaSet replicaSet, Pod pod) {
        String uid = replicaSet.getMetadata().getUid();
        try {
            pods.delete(
                    Ownership.key(pod),
                    DeleteOptions.DEFAULT.withUid(pod.getMetadata().getUid()));
        } catch (ConnectionException e) {
            writes.failed(uid, Ownership.key(pod), e);
            throw e;
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) {
                writes.failed(uid, Ownership.key(pod), e);
                events.warning(replicaSet, "FailedDelete", "Error deleting: " + e.getMessage());
                throw e;
            }
            // It is gone already, or another has its name; the cache has yet to show it.
            writes.deleted(uid, pod);
            return;
        }
        writes.deleted(uid, pod);
        events.normal(
                replicaSet,
                "SuccessfulDelete",
                "Deleted pod: " + pod.getMetadata().getName());
    }

    private static Pod pod(ReplicaSet replicaSet, String name, String base) {
        var template = replicaSet.getSpec().getTemplate();
        @Nullable ObjectMeta wanted = template.getMetadata();
        return new PodBuilder()
                .withMetadata(new ObjectMetaBuilder()
                        .withNamespace(Ownership.namespace(replicaSet))
                        .withName(name)
                        .withGenerateName(base)
                        .withLabels(wanted == null ? null : wanted.getLabels())
                        .withAnnotations(wanted == null ? null : wanted.getAnnotations())
                        .withFinalizers(wanted == null ? null : wanted.getFinalizers())
                        .withOwnerReferences(Ownership.controllerReference(replicaSet))
                        .build())
                .withSpec(template.getSpec())
                .build();
    }

    /** Runs tasks side by side and waits for all; the first error of one of them is returned. */
    private static Optional<RuntimeException> runAll(List<Callable<Void>> tasks) throws InterruptedException {
        Optional<RuntimeException> first = Optional.empty();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> future : executor.invokeAll(tasks)) {
                try {
                    future.get();
                } catch (ExecutionException e) {
                    if (first.isEmpty()) {
                        first = Optional.of(
                                e.getCause() instanceof RuntimeException cause
                                        ? cause
                                        : new IllegalStateException(e.getCause()));
                    }
                }
            }
        }
        return first;
    }

    /** What the server refused is for the status; a namespace that goes away is nothing to report or to repeat. */
    private static Result result(RuntimeException error, boolean creating) {
        if (error instanceof ApiException refusal) {
            if (NamespaceEnding.isCauseOf(refusal)) {
                return Result.SUCCESS;
            }
            String message = String.valueOf(refusal.getMessage());
            return new Result(Optional.of(creating ? Failure.creating(message) : Failure.deleting(message)), error);
        }
        return new Result(Optional.empty(), error);
    }
}
