package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.controllermanager.controllers.ownership.NameSuffix;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The slices of one controller: found by service, and written.
 *
 * <p>The names of new slices follow from their owner and from which names are taken. So a creation that got no answer is
 * repeated under the same name, after a restart too, and can't make a second slice. Safe for use by many threads, one at
 * a time for each owner.
 */
final class ServiceSlices {

    private static final String BY_SERVICE = "service";

    private final Informer<EndpointSlice> informer;
    private final Store<EndpointSlice> slices;
    private final ResourceClient<EndpointSlice> client;
    private final String manager;
    private final OwnWrites writes = new OwnWrites();

    /**
     * @param manager the controller, as the label on its slices names it
     */
    ServiceSlices(Informer<EndpointSlice> informer, ResourceClient<EndpointSlice> client, String manager) {
        this.informer = informer;
        this.slices = informer.store();
        this.client = client;
        this.manager = manager;
        informer.addIndex(
                BY_SERVICE,
                slice -> service(slice).map(ServiceSlices::indexValue).stream().toList());
    }

    /** Puts the keys of the services whose slices change into a queue. */
    void tellServices(Consumer<ObjectKey> queue) {
        informer.addHandler(new Handler<>() {
            @Override
            public void added(EndpointSlice slice) {
                tell(slice);
            }

            @Override
            public void updated(EndpointSlice before, EndpointSlice now) {
                tell(now);
                tell(before);
            }

            @Override
            public void deleted(EndpointSlice last) {
                tell(last);
            }

            private void tell(EndpointSlice slice) {
                if (isManaged(slice)) {
                    service(slice).ifPresent(queue);
                }
            }
        });
    }

    /** The slices that carry the service's name and the controller's mark. */
    List<EndpointSlice> of(ObjectKey service) {
        return slices.byIndex(BY_SERVICE, indexValue(service)).stream()
                .filter(this::isManaged)
                .toList();
    }

    private boolean isManaged(EndpointSlice slice) {
        return manager.equals(Ownership.labels(slice).get(SliceChanges.MANAGED_BY));
    }

    private static Optional<ObjectKey> service(EndpointSlice slice) {
        @Nullable String name = Ownership.labels(slice).get(SliceChanges.SERVICE_NAME);
        return name == null || name.isEmpty()
                ? Optional.empty()
                : Optional.of(new ObjectKey(Ownership.namespace(slice), name));
    }

    private static String indexValue(ObjectKey service) {
        return service.namespace() + "/" + service.name();
    }

    /** Whether the cache shows everything that was written for this owner; nothing may be decided before. */
    boolean areCurrent(HasMetadata owner) {
        String uid = owner.getMetadata().getUid();
        writes.settle(uid, client::get);
        long version = informer.version();
        return writes.observed(
                uid,
                key -> slices.get(key)
                        .<@Nullable EndpointSlice>map(slice -> slice)
                        .orElse(null),
                version);
    }

    /** The owner is gone. */
    void forget(HasMetadata owner) {
        writes.forget(owner.getMetadata().getUid());
    }

    /**
     * Carries changes out, and stops at the first that fails. New slices come first and surplus ones go last, so that no
     * endpoint is missing in between. An owner that is being deleted gets no new ones.
     */
    void apply(HasMetadata owner, SliceChanges changes) {
        if (!Ownership.isBeingDeleted(owner)) {
            Set<String> named = new HashSet<>();
            changes.create().forEach(slice -> create(owner, slice, named));
        }
        changes.update().forEach(slice -> write(owner, Ownership.key(slice), () -> client.update(slice)));
        changes.delete().forEach(slice -> delete(owner, slice));
    }

    private void create(HasMetadata owner, EndpointSlice slice, Set<String> named) {
        String base = owner.getMetadata().getName() + "-";
        String name = freeName(owner, base, named);
        EndpointSlice complete = new EndpointSliceBuilder(slice)
                .editMetadata()
                .withGenerateName(base)
                .withName(name)
                .endMetadata()
                .build();
        try {
            write(owner, Ownership.key(complete), () -> client.create(complete));
        } catch (ApiException e) {
            if (e.isAlreadyExists()) {
                // A creation without an answer was carried out after all, or an older cache shows the name as free.
                client.get(Ownership.key(complete))
                        .ifPresent(present -> writes.stored(owner.getMetadata().getUid(), present));
            }
            if (!NamespaceEnding.isCauseOf(e)) {
                throw e;
            }
        }
    }

    private String freeName(HasMetadata owner, String base, Set<String> named) {
        SplittableRandom sequence =
                new SplittableRandom(owner.getMetadata().getUid().hashCode());
        while (true) {
            String name = NameSuffix.random(base, sequence);
            boolean isFree =
                    slices.get(new ObjectKey(Ownership.namespace(owner), name)).isEmpty();
            if (isFree && named.add(name)) {
                return name;
            }
        }
    }

    private void delete(HasMetadata owner, EndpointSlice slice) {
        String uid = owner.getMetadata().getUid();
        try {
            drop(slice);
        } catch (RuntimeException e) {
            writes.failed(uid, Ownership.key(slice), e);
            throw e;
        }
        writes.deleted(uid, slice);
    }

    /** Deletes a slice that nobody owns any more. */
    void drop(EndpointSlice slice) {
        try {
            client.delete(
                    Ownership.key(slice),
                    DeleteOptions.DEFAULT.withUid(slice.getMetadata().getUid()));
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) { // gone already, or another has its name
                throw e;
            }
        }
    }

    private void write(HasMetadata owner, ObjectKey key, Supplier<EndpointSlice> request) {
        String uid = owner.getMetadata().getUid();
        try {
            writes.stored(uid, request.get());
        } catch (RuntimeException e) {
            writes.failed(uid, key, e);
            throw e;
        }
    }
}
