package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ModelKind.Refused;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * What models of clusters stand on: a store with versions, caches that lag behind it each at its own pace, requests that
 * are carried out without an answer, and a clock.
 */
public class ModelServer {

    private final AtomicLong revision = new AtomicLong();
    private int names;
    private int answersToLose;
    private int requestsToDelay;
    private final List<Supplier<?>> delayed = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    /** What is stored of one more kind. */
    protected final <T extends HasMetadata> ModelKind<T> kind() {
        return new ModelKind<>(revision);
    }

    public final ModelKind<Pod> pods = kind();

    // -- what nodes and bad luck do with pods ---------------------------------------------------------------------

    public final void podBecomesReady(Pod pod) {
        if (pod.getMetadata().getDeletionTimestamp() == null && !PodFacts.isFinished(pod)) {
            pods.store(Pods.ready(pod, now));
        }
    }

    public final void podFails(Pod pod) {
        pods.store(Pods.finished(pod, "Failed"));
    }

    public final void podIsDeleted(Pod pod) {
        if (!Ownership.isBeingDeleted(pod)) {
            pods.store(Pods.deleting(pod, now));
        }
    }

    public final void podIsGone(Pod pod) {
        if (Ownership.isBeingDeleted(pod)) {
            pods.remove(Ownership.key(pod));
        }
    }

    // -- requests and time ----------------------------------------------------------------------------------------

    /** Grows with every write. */
    public final long revision() {
        return revision.get();
    }

    public final Instant now() {
        return now;
    }

    public final void tick() {
        now = now.plusSeconds(1);
    }

    public final void loseAnswers(int count) {
        answersToLose = count;
    }

    /** A number that was never given before. */
    protected final int nextName() {
        return ++names;
    }

    /** The next requests get no answer and are carried out later, or never before {@link #carryOutLate}. */
    public final void delayRequests(int count) {
        requestsToDelay = count;
    }

    /** One of the delayed requests arrives. */
    public final void carryOutLate(int choice) {
        if (!delayed.isEmpty()) {
            try {
                Object _ = delayed.remove(choice % delayed.size()).get();
            } catch (Refused e) {
                // It came too late, and nobody hears of it.
            }
        }
    }

    public final int delayedRequests() {
        return delayed.size();
    }

    /**
     * Carries a write out. Its answer may get lost, and the write itself may be late, so it must check for itself what it
     * finds.
     */
    protected final <T> T answer(Supplier<T> write) {
        if (requestsToDelay > 0) {
            requestsToDelay--;
            delayed.add(write);
            throw new ConnectionException("the request is delayed");
        }
        T answer = write.get();
        if (answersToLose > 0) {
            answersToLose--;
            throw new ConnectionException("the answer is lost");
        }
        return answer;
    }

    /** One of several, as a story's number chooses. */
    public static <T> Optional<T> pick(Collection<T> from, int choice) {
        return from.isEmpty()
                ? Optional.empty()
                : from.stream().skip(choice % from.size()).findFirst();
    }
}
