package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.informer.Informer;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The statuses that a controller writes and decides on: it waits until its cache shows the last one. Safe for use by many
 * threads.
 */
final class OwnStatus<T extends HasMetadata> {

    private final Informer<T> informer;
    private final ResourceClient<T> client;
    private final OwnWrites writes = new OwnWrites();

    OwnStatus(Informer<T> informer, ResourceClient<T> client) {
        this.informer = informer;
        this.client = client;
    }

    /** Settles with the server what became of a write that got no answer. */
    void settle(T object) {
        writes.settle(object.getMetadata().getUid(), client::get);
    }

    /** Whether the cache shows what was written of this object, as far as that is settled. */
    boolean isShown(T object) {
        long version = informer.version();
        return writes.observed(
                object.getMetadata().getUid(),
                key -> informer.store()
                        .get(key)
                        .<@Nullable T>map(cached -> cached)
                        .orElse(null),
                version);
    }

    /** The object with its new status; empty when it changed since it was read, or is gone. */
    Optional<T> write(T object) {
        String uid = object.getMetadata().getUid();
        try {
            T written = client.updateStatus(object);
            writes.stored(uid, written);
            return Optional.of(written);
        } catch (ConnectionException e) {
            writes.failed(uid, Ownership.key(object), e);
            throw e;
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) {
                return Optional.empty();
            }
            writes.failed(uid, Ownership.key(object), e);
            throw e;
        }
    }

    void forget(String uid) {
        writes.forget(uid);
    }
}
