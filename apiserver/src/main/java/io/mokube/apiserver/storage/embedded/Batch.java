package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore.UnavailableException;
import io.mokube.apiserver.storage.KeyValueStore.UnknownOutcomeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Changes that become durable together. Filled under the store's lock; waited for by everybody whose answer depends on it. */
final class Batch {

    /** What becomes visible when the batch is durable. */
    sealed interface Step {

        /** A version, already the newest of its key for writers. */
        record NewVersion(Version version, long timeMillis) implements Step {}

        record Compacted(long revision) implements Step {}
    }

    /** How a batch ended. */
    sealed interface End {

        record Durable() implements End {}

        /** Nothing of it was kept. */
        record Refused(Throwable cause) implements End {}

        /** It may or may not be on disk. */
        record Unknown(Throwable cause) implements End {}
    }

    private final List<Change> changes = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final CompletableFuture<End> end = new CompletableFuture<>();
    private long valueBytes;

    /** A batch without changes that is durable already. */
    static Batch durable() {
        Batch batch = new Batch();
        batch.end(new End.Durable());
        return batch;
    }

    void addPut(Change.Put put, Version version) {
        changes.add(put);
        steps.add(new Step.NewVersion(version, put.timeMillis()));
        valueBytes += put.entry().value().length;
    }

    void addDelete(Change.Delete delete, Version version) {
        changes.add(delete);
        steps.add(new Step.NewVersion(version, delete.timeMillis()));
    }

    void addCompact(long revision) {
        changes.add(new Change.Compact(revision));
        steps.add(new Step.Compacted(revision));
    }

    boolean isEmpty() {
        return changes.isEmpty();
    }

    long valueBytes() {
        return valueBytes;
    }

    List<Change> changes() {
        return Collections.unmodifiableList(changes);
    }

    List<Step> steps() {
        return Collections.unmodifiableList(steps);
    }

    /** Lets those who wait go; only the first end counts. */
    void end(End how) {
        end.complete(how);
    }

    /**
     * Waits for the end, whether interrupted or not.
     *
     * @throws UnavailableException when nothing of the batch was kept
     * @throws UnknownOutcomeException when it can't be told
     */
    void await() {
        switch (end.join()) {
            case End.Durable _ -> {}
            case End.Refused(Throwable cause) ->
                throw new UnavailableException("the store could not write: " + cause, cause);
            case End.Unknown(Throwable cause) ->
                throw new UnknownOutcomeException("the store broke down while writing: " + cause, cause);
        }
    }

    /** The version that a step made, null when it made none. */
    static @Nullable Version versionOf(Step step) {
        return switch (step) {
            case Step.NewVersion(Version version, long _) -> version;
            case Step.Compacted _ -> null;
        };
    }
}
