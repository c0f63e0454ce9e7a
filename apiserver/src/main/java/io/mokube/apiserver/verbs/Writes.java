package io.mokube.apiserver.verbs;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.Operation;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.cache.StoredObject;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.registry.ObjectStore;
import io.mokube.apiserver.registry.Outcome;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.apiserver.storage.KeyValueStore.ValueTooLargeException;
import io.mokube.apiserver.validation.ObjectRules;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The way every object takes into the store: defaults, mutating admission, preparation, validation, validating
 * admission, store. Objects are in their storage version here.
 */
final class Writes {

    /** A generated name is taken once in a blue moon; eight times is a name space that is full. */
    private static final int NAME_ATTEMPTS = 8;

    private final Backend backend;
    private final ServiceAllocation allocation;

    Writes(Backend backend) {
        this.backend = backend;
        this.allocation = new ServiceAllocation(backend);
    }

    /**
     * Who writes, and how.
     *
     * @param warn takes sentences for the client
     * @param manager whose the changed fields will be, null for changes that nobody owns
     */
    record Writer(
            User user,
            boolean dryRun,
            Consumer<String> warn,
            @Nullable FieldManager manager) {

        Writer(User user, boolean dryRun, Consumer<String> warn) {
            this(user, dryRun, warn, null);
        }

        boolean isApplying() {
            return manager != null && manager.applies();
        }

        /** The sender of a request that changes objects of the path's resource and version. */
        static Writer of(ApiRequest request, Served served, WriteOptions options) {
            return of(request, served, options, false);
        }

        /** The sender of a request, who may apply a configuration instead of changing single fields. */
        static Writer of(ApiRequest request, Served served, WriteOptions options, boolean applies) {
            String name = options.fieldManager().isEmpty()
                    ? WriteOptions.managerOf(request.headers().get("User-Agent"))
                    : options.fieldManager();
            FieldManager manager = new FieldManager(
                    name,
                    applies,
                    served.resource().groupVersion().apiVersion(),
                    request.info().subresource());
            return new Writer(request.user(), options.dryRun(), request::warn, manager);
        }
    }

    /** Creates an object. */
    StoredObject create(ResourceDefinition definition, KubeObject object, Writer writer) {
        boolean generated = object.name().isEmpty() && !object.generateName().isEmpty();
        String prefix = object.generateName();
        for (int attempt = 1; ; attempt++) {
            KubeObject candidate = generated ? object.deepCopy() : object;
            if (generated) {
                candidate.setMetadata(
                        "name",
                        Lifecycle.generateName(prefix, backend.platform().random()));
            }
            prepareNew(definition, candidate, writer);
            try {
                return store(definition, candidate, writer);
            } catch (ApiException e) {
                if (!generated || !e.isAlreadyExists() || attempt == NAME_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private StoredObject store(ResourceDefinition definition, KubeObject object, Writer writer) {
        if (!writer.dryRun()) {
            return ServiceAllocation.concerns(definition)
                    ? storeService(definition, object, writer)
                    : createStored(definition, object, writer);
        }
        if (backend.objects().get(definition, object.key()) != null) {
            throw ApiException.alreadyExists(definition.groupResource(), object.name());
        }
        return StoredObject.of(ObjectStore.encode(definition, object), 0);
    }

    private StoredObject storeService(ResourceDefinition definition, KubeObject service, Writer writer) {
        ServiceAllocation.Claims claims = allocation.allocate(service, null);
        try {
            return createStored(definition, service, writer);
        } catch (ApiException e) {
            giveBack(claims, e);
            throw e;
        }
    }

    /** What a write that may have happened has claimed is kept. */
    private void giveBack(ServiceAllocation.@Nullable Claims claims, ApiException failure) {
        if (claims != null && !failure.isTimeout()) {
            allocation.giveBack(claims);
        }
    }

    private void prepareNew(ResourceDefinition definition, KubeObject object, Writer writer) {
        ResourceStrategy strategy = definition.strategy();
        Lifecycle.begin(
                object, backend.platform().clock().instant(), backend.platform().random());
        ObjectRules.applyDefaults(definition, object);
        JsonNode managedFields = FieldTracking.ofCreate(definition, object, writer.manager(), now());
        AdmissionRequest admission = admission(Operation.CREATE, definition, "", object, null, writer);
        backend.admission().mutate(admission);
        strategy.prepareForCreate(object);
        FieldTracking.set(object, managedFields);
        if (strategy.hasGeneration()) {
            Lifecycle.setGeneration(object, 1);
        }
        ObjectRules.validateCreate(definition, object);
        strategy.warnings(object, null).forEach(writer.warn());
        backend.admission().validate(admission);
        if (ServiceAllocation.concerns(definition)) {
            allocation.completeFamilies(object, null);
        }
    }

    /**
     * Changes an object or one of its subresources.
     *
     * @param desired the object as it shall be, given what it is; it may change what it is given
     */
    Outcome update(
            ResourceDefinition definition,
            ObjectKey key,
            String subresource,
            Writer writer,
            Function<KubeObject, KubeObject> desired) {
        return change(definition, key, writer, current -> {
            if (current == null) {
                throw ApiException.notFound(definition.groupResource(), key.name());
            }
            KubeObject old = current.deepCopy();
            return prepareUpdate(definition, subresource, desired.apply(current), old, writer);
        });
    }

    /**
     * Puts an object where one may be or not be.
     *
     * @param mayCreate refuses to create one
     */
    Outcome put(ResourceDefinition definition, ObjectKey key, KubeObject object, Writer writer, Runnable mayCreate) {
        return change(definition, key, writer, current -> {
            KubeObject desired = object.deepCopy();
            if (current != null) {
                checkResourceVersion(definition, desired, current);
                return prepareUpdate(definition, "", desired, current, writer);
            }
            if (!definition.strategy().allowsCreateOnUpdate()) {
                throw ApiException.notFound(definition.groupResource(), key.name());
            }
            if (!desired.resourceVersion().isEmpty() || !desired.uid().isEmpty()) {
                throw ApiException.modified(definition.groupResource(), key.name());
            }
            mayCreate.run();
            prepareNew(definition, desired, writer);
            return new Change.Write(desired);
        });
    }

    /** Changes the store, or with a dry run only tells what would become of it. */
    Outcome change(
            ResourceDefinition definition,
            ObjectKey key,
            Writer writer,
            Function<@Nullable KubeObject, Change> decide) {
        if (!writer.dryRun()) {
            return ServiceAllocation.concerns(definition)
                    ? changeService(definition, key, writer, decide)
                    : changeStored(definition, key, writer, decide);
        }
        StoredObject current = backend.objects().get(definition, key);
        return switch (decide.apply(current == null ? null : ObjectStore.parse(definition, current))) {
            case Change.Write write -> {
                StoredObject result = StoredObject.of(
                        ObjectStore.encode(definition, write.object()), current == null ? 0 : current.revision());
                yield current == null ? new Outcome.Created(result) : new Outcome.Stored(result);
            }
            case Change.Delete delete ->
                new Outcome.Deleted(StoredObject.of(ObjectStore.encode(definition, delete.last()), revision(current)));
            case Change.Keep ignored -> {
                if (current == null) {
                    throw ApiException.notFound(definition.groupResource(), key.name());
                }
                yield new Outcome.Stored(current);
            }
        };
    }

    /** Addresses and ports are claimed before what is to be written, and those that the service has no more given back after it. */
    private Outcome changeService(
            ResourceDefinition definition,
            ObjectKey key,
            Writer writer,
            Function<@Nullable KubeObject, Change> decide) {
        AtomicReference<@Nullable KubeObject> before = new AtomicReference<>();
        AtomicReference<ServiceAllocation.@Nullable Claims> claims = new AtomicReference<>();
        Outcome outcome;
        try {
            outcome = changeStored(definition, key, writer, current -> {
                ServiceAllocation.Claims lost = claims.getAndSet(null);
                if (lost != null) {
                    allocation.giveBack(lost);
                }
                KubeObject old = current == null ? null : current.deepCopy();
                before.set(old);
                Change change = decide.apply(current);
                if (change instanceof Change.Write write) {
                    claims.set(allocation.allocate(write.object(), old));
                }
                return change;
            });
        } catch (ApiException e) {
            giveBack(claims.get(), e);
            throw e;
        }
        KubeObject former = before.get();
        if (outcome instanceof Outcome.Deleted deleted) {
            allocation.releaseOf(deleted.object().parse());
        } else if (former != null) {
            allocation.releaseFormer(former, outcome.object().parse());
        }
        return outcome;
    }

    /** An object that is too large only for its owners' entries goes without them, unless it is they who matter. */
    private Outcome changeStored(
            ResourceDefinition definition,
            ObjectKey key,
            Writer writer,
            Function<@Nullable KubeObject, Change> decide) {
        try {
            return backend.objects().change(definition, key, decide);
        } catch (ValueTooLargeException e) {
            if (writer.isApplying()) {
                throw e;
            }
            return backend.objects().change(definition, key, current -> {
                Change change = decide.apply(current);
                if (change instanceof Change.Write write) {
                    FieldTracking.set(write.object(), null);
                }
                return change;
            });
        }
    }

    private StoredObject createStored(ResourceDefinition definition, KubeObject object, Writer writer) {
        try {
            return backend.objects().create(definition, object);
        } catch (ValueTooLargeException e) {
            if (writer.isApplying()) {
                throw e;
            }
            FieldTracking.set(object, null);
            return backend.objects().create(definition, object);
        }
    }

    private static long revision(@Nullable StoredObject object) {
        return object == null ? 0 : object.revision();
    }

    /** What an update of an existing object comes to. */
    private Change prepareUpdate(
            ResourceDefinition definition, String subresource, KubeObject object, KubeObject old, Writer writer) {
        checkUid(definition, object, old);
        Lifecycle.carryOver(object, old);
        ResourceStrategy strategy = definition.strategy();
        ObjectRules.applyDefaults(definition, object);
        JsonNode managedFields = FieldTracking.ofUpdate(definition, subresource, object, old, writer.manager(), now());
        AdmissionRequest admission = admission(Operation.UPDATE, definition, subresource, object, old, writer);
        backend.admission().mutate(admission);
        if (subresource.isEmpty()) {
            strategy.prepareForUpdate(object, old);
        } else {
            strategy.prepareForSubresourceUpdate(subresource, object, old);
        }
        Lifecycle.carryOver(object, old);
        FieldTracking.set(object, managedFields);
        if (strategy.hasGeneration() && Lifecycle.isDesireChanged(object, old, strategy.countsStatus())) {
            Lifecycle.setGeneration(object, old.generation() + 1);
        }
        if (subresource.isEmpty()) {
            ObjectRules.validateUpdate(definition, object, old);
        } else {
            ObjectRules.validateSubresourceUpdate(definition, subresource, object, old);
        }
        strategy.warnings(object, old).forEach(writer.warn());
        backend.admission().validate(admission);
        if (ServiceAllocation.concerns(definition) && subresource.isEmpty()) {
            allocation.completeFamilies(object, old);
        }
        if (Lifecycle.isDone(object)) {
            return new Change.Delete(object);
        }
        FieldTracking.keepTimesOfNoChange(object, old);
        return new Change.Write(object);
    }

    private String now() {
        return Lifecycle.timestamp(backend.platform().clock().instant());
    }

    /** Refuses a write that was made from another state than the present one. */
    static void checkResourceVersion(ResourceDefinition definition, KubeObject object, KubeObject current) {
        String given = object.resourceVersion();
        if (given.isEmpty() || given.equals("0")) {
            if (!definition.strategy().allowsUnconditionalUpdate()) {
                throw ApiException.invalid(
                        definition.group(),
                        definition.kind(),
                        object.name(),
                        List.of(FieldError.invalid(
                                "metadata.resourceVersion", given, "must be specified for an update")));
            }
            return;
        }
        if (!given.equals(current.resourceVersion())) {
            throw ApiException.modified(definition.groupResource(), current.name());
        }
    }

    private static void checkUid(ResourceDefinition definition, KubeObject object, KubeObject old) {
        if (!object.uid().isEmpty() && !object.uid().equals(old.uid())) {
            throw ApiException.conflict(
                    definition.groupResource(),
                    old.name(),
                    "Precondition failed: UID in precondition: " + object.uid() + ", UID in object meta: " + old.uid());
        }
    }

    static AdmissionRequest admission(
            Operation operation,
            ResourceDefinition definition,
            String subresource,
            @Nullable KubeObject object,
            @Nullable KubeObject old,
            Writer writer) {
        KubeObject named = old != null ? old : object;
        return new AdmissionRequest(
                operation,
                definition,
                subresource,
                named == null ? "" : named.namespace(),
                named == null ? "" : named.name(),
                object,
                old,
                writer.user(),
                writer.dryRun(),
                writer.warn());
    }
}
