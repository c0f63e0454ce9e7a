package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.error.ApiException;
import java.util.Optional;

/**
 * The statuses that a controller writes and decides on: it waits until its cache shows the last one. Safe for use by many
 * threads.
 */
public final class OwnStatus<T extends HasMetadata> {

    private final ResourceClient<T> client;
    private final OwnWrites writes = new OwnWrites();

    public OwnStatus(ResourceClient<T> client) {
        this.client = client;
    }

    /** Settles with the server what became of a write that got no answer. */
    public void settle(T object) {
        writes.settle(object.getMetadata().getUid(), client::get);
    }

    /** Whether the object, as it was read from a cache, is at least as new as what was written of it. */
    public boolean isShown(T object) {
        // Only the object itself may say so: the cache may have moved on since it was read.
        return writes.observed(object.getMetadata().getUid(), key -> object, 0);
    }

    /** The object with its new status; empty when it changed since it was read, or is gone. */
    public Optional<T> write(T object) {
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

    public void forget(String uid) {
        writes.forget(uid);
    }
}
