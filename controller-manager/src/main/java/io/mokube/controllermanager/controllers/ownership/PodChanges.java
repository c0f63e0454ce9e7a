package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Creates and deletes pods for their owners, several at once.
 *
 * <p>It picks the names of new pods itself. When a creation got no answer, the next one for the same slot takes the same
 * name again, unless its pod was found: if the first is carried out late, there is no second pod. Safe for use by many
 * threads.
 */
public final class PodChanges {

    private final ResourceClient<Pod> pods;
    private final OwnWrites writes;
    private final EventRecorder events;
    private final RandomGenerator random;

    /** The names whose creation got no answer, by the owner's UID and the slot. */
    private final Map<String, Map<String, Queue<String>>> unanswered = new ConcurrentHashMap<>();

    /**
     * @param writes of the owners; whoever decides on pods waits until the cache shows them
     * @param events on the owners, {@code SuccessfulCreate} and the like
     */
    public PodChanges(ResourceClient<Pod> pods, OwnWrites writes, EventRecorder events, RandomGenerator random) {
        this.pods = pods;
        this.writes = writes;
        this.events = events;
        this.random = random;
    }

    /**
     * A pod to be made.
     *
     * @param slot what tells this pod from the owner's others when its creation has to be repeated: the node of a daemon,
     *     the index of a completion, {@code ""} where all are alike
     * @param base the beginning of its name, with its dash
     * @param template what it is made from; nothing is added but the name and the owner
     */
    public record Draft(String slot, String base, PodTemplateSpec template) {}

    /** A creation or deletion that the server refused, in the words of conditions. */
    public record Failure(String reason, String message) {
        public static Failure creating(String message) {
            return new Failure("FailedCreate", message);
        }

        public static Failure deleting(String message) {
            return new Failure("FailedDelete", message);
        }
    }

    /**
     * How it went.
     *
     * @param failure what the status should say
     * @param error the first error, to be thrown once the status is written
     */
    public record Result(
            Optional<Failure> failure, @Nullable RuntimeException error) {

        public static final Result SUCCESS = new Result(Optional.empty(), null);

        public void throwError() {
            if (error != null) {
                throw error;
            }
        }
    }

    /** These pods are there: a creation without an answer was carried out. */
    public void foundPods(HasMetadata owner, List<ObjectKey> found) {
        for (Queue<String> names :
                unanswered.getOrDefault(owner.getMetadata().getUid(), Map.of()).values()) {
            found.forEach(pod -> names.remove(pod.name()));
        }
    }

    private Queue<String> namesToReuse(HasMetadata owner, Draft draft) {
        return unanswered
                .computeIfAbsent(owner.getMetadata().getUid(), uid -> new ConcurrentHashMap<>())
                .computeIfAbsent(draft.slot(), slot -> new ConcurrentLinkedQueue<>());
    }

    /** Creates pods, more and more at once, and stops after a round in which one fails. */
    public Result create(HasMetadata owner, List<Draft> drafts) throws InterruptedException {
        return SideBySide.slowStart(drafts, draft -> createOne(owner, draft))
                .map(error -> result(error, true))
                .orElse(Result.SUCCESS);
    }

    /** Deletes pods, all of them even when one fails. */
    public Result delete(HasMetadata owner, List<Pod> surplus) throws InterruptedException {
        Result result = Result.SUCCESS;
        for (int from = 0; from < surplus.size(); from += SideBySide.MOST_AT_ONCE) {
            List<Pod> batch = surplus.subList(from, Math.min(from + SideBySide.MOST_AT_ONCE, surplus.size()));
            Optional<RuntimeException> error = SideBySide.each(batch, pod -> deleteOne(owner, pod));
            if (error.isPresent() && result.error() == null) {
                result = result(error.get(), false);
            }
        }
        return result;
    }

    /** The owner is gone. */
    public void forget(HasMetadata owner) {
        unanswered.remove(owner.getMetadata().getUid());
    }

    private void createOne(HasMetadata owner, Draft draft) {
        @Nullable String again = namesToReuse(owner, draft).poll();
        String name = again == null ? NameSuffix.random(draft.base(), random) : again;
        Pod created;
        try {
            created = pods.create(pod(owner, draft, name));
        } catch (ConnectionException e) {
            creationFailed(owner, draft, name, e);
            throw e;
        } catch (ApiException e) {
            creationFailed(owner, draft, name, e);
            Optional<Pod> made = e.isAlreadyExists() ? madeBefore(owner, name) : Optional.empty();
            if (made.isEmpty()) {
                if (!NamespaceEnding.isCauseOf(e)) {
                    events.warning(owner, "FailedCreate", "Error creating: " + e.getMessage());
                }
                throw e;
            }
            created = made.get();
        }
        writes.stored(owner.getMetadata().getUid(), created);
        events.normal(
                owner,
                "SuccessfulCreate",
                "Created pod: " + created.getMetadata().getName());
    }

    private void creationFailed(HasMetadata owner, Draft draft, String name, RuntimeException failure) {
        ObjectKey key = new ObjectKey(Ownership.namespace(owner), name);
        if (writes.failed(owner.getMetadata().getUid(), key, failure)) {
            namesToReuse(owner, draft).add(name);
        }
    }

    private Optional<Pod> madeBefore(HasMetadata owner, String name) {
        return pods.get(new ObjectKey(Ownership.namespace(owner), name))
                .filter(pod -> Ownership.isControlledBy(pod, owner));
    }

    private void deleteOne(HasMetadata owner, Pod pod) {
        String uid = owner.getMetadata().getUid();
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
                events.warning(owner, "FailedDelete", "Error deleting: " + e.getMessage());
                throw e;
            }
            // It is gone already, or another has its name; the cache has yet to show it.
            writes.deleted(uid, pod);
            return;
        }
        writes.deleted(uid, pod);
        events.normal(
                owner, "SuccessfulDelete", "Deleted pod: " + pod.getMetadata().getName());
    }

    private static Pod pod(HasMetadata owner, Draft draft, String name) {
        @Nullable ObjectMeta wanted = draft.template().getMetadata();
        return new PodBuilder()
                .withMetadata(new ObjectMetaBuilder()
                        .withNamespace(Ownership.namespace(owner))
                        .withName(name)
                        .withGenerateName(draft.base())
                        .withLabels(wanted == null ? null : wanted.getLabels())
                        .withAnnotations(wanted == null ? null : wanted.getAnnotations())
                        .withFinalizers(wanted == null ? null : wanted.getFinalizers())
                        .withOwnerReferences(Ownership.controllerReference(owner))
                        .build())
                .withSpec(draft.template().getSpec())
                .build();
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
