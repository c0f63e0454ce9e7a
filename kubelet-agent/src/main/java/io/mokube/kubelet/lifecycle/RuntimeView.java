package io.mokube.kubelet.lifecycle;

import io.mokube.kubelet.runtime.ContainerStatus.State;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the runtime shows of one pod.
 *
 * @param runtime the runtime's name, as in container ids
 */
public record RuntimeView(String runtime, List<ObservedSandbox> sandboxes, List<ObservedContainer> containers) {

    private static final Comparator<ObservedSandbox> SANDBOX_AGE =
            Comparator.comparing(ObservedSandbox::attempt).thenComparing(ObservedSandbox::createdAt);
    private static final Comparator<ObservedContainer> CONTAINER_AGE =
            Comparator.comparing(ObservedContainer::attempt).thenComparing(ObservedContainer::createdAt);

    /** A runtime that has nothing of the pod. */
    public static RuntimeView empty(String runtime) {
        return new RuntimeView(runtime, List.of(), List.of());
    }

    /** A sandbox of the pod; it has no addresses with the host's network. */
    public record ObservedSandbox(String id, int attempt, boolean ready, Instant createdAt, List<String> addresses) {}

    /**
     * A container of the pod.
     *
     * @param attempt how many came before it, which is its restart count
     * @param hash of the specification it was made from
     * @param message what it left behind as its last words, or the runtime's explanation
     */
    public record ObservedContainer(
            String id,
            String name,
            int attempt,
            String sandboxId,
            State state,
            Instant createdAt,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            int exitCode,
            String image,
            String imageId,
            String hash,
            String reason,
            String message) {

        public boolean running() {
            return state == State.RUNNING;
        }

        public boolean exited() {
            return state == State.EXITED || state == State.UNKNOWN;
        }

        boolean succeeded() {
            return state == State.EXITED && exitCode == 0;
        }

        /** When it ended, as well as is known. */
        Instant ended() {
            return finishedAt != null ? finishedAt : createdAt;
        }
    }

    Optional<ObservedSandbox> newestSandbox() {
        return sandboxes.stream().max(SANDBOX_AGE);
    }

    /** The containers of that name, the newest first. */
    List<ObservedContainer> history(String name) {
        return containers.stream()
                .filter(container -> container.name().equals(name))
                .sorted(CONTAINER_AGE.reversed())
                .toList();
    }

    Optional<ObservedContainer> newest(String name) {
        return containers.stream()
                .filter(container -> container.name().equals(name))
                .max(CONTAINER_AGE);
    }

    /** Whether anything may still run. */
    boolean anyRunning() {
        return containers.stream().anyMatch(container -> !container.exited());
    }

    /** Whether the runtime has nothing of the pod. */
    public boolean isEmpty() {
        return sandboxes.isEmpty() && containers.isEmpty();
    }
}
