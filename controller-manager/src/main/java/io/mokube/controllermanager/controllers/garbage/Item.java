package io.mokube.controllermanager.controllers.garbage;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.mokube.client.rest.Discovery.Served;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the garbage collector knows of one object: as an informer saw it, or as a request just found it.
 *
 * @param resource what kind of object it is
 * @param waitsForDependents it is being deleted in the foreground: after those of its dependents that block it
 * @param orphansDependents it is being deleted, and its dependents are to live on without it
 */
record Item(
        Served resource,
        ObjectKey key,
        String uid,
        String resourceVersion,
        List<Owner> owners,
        boolean deleting,
        boolean waitsForDependents,
        boolean orphansDependents) {

    static final String FOREGROUND = "foregroundDeletion";
    static final String ORPHAN = "orphan";

    Item {
        owners = List.copyOf(owners);
    }

    static Item of(Served resource, ObjectKey key, ObjectMeta metadata) {
        boolean deleting = metadata.getDeletionTimestamp() != null;
        List<String> finalizers = Objects.requireNonNullElse(metadata.getFinalizers(), List.of());
        List<OwnerReference> references = Objects.requireNonNullElse(metadata.getOwnerReferences(), List.of());
        return new Item(
                resource,
                key,
                orEmpty(metadata.getUid()),
                orEmpty(metadata.getResourceVersion()),
                references.stream().map(Owner::of).toList(),
                deleting,
                deleting && finalizers.contains(FOREGROUND),
                deleting && finalizers.contains(ORPHAN));
    }

    /** Whether the deletion of the object with this UID waits for this one. */
    boolean blocks(String ownerUid) {
        return owners.stream().anyMatch(owner -> owner.uid().equals(ownerUid) && owner.blocksDeletion());
    }

    /** An owner reference, by value. */
    record Owner(String apiVersion, String kind, String name, String uid, boolean blocksDeletion) {

        static Owner of(OwnerReference reference) {
            return new Owner(
                    orEmpty(reference.getApiVersion()),
                    orEmpty(reference.getKind()),
                    orEmpty(reference.getName()),
                    orEmpty(reference.getUid()),
                    Boolean.TRUE.equals(reference.getBlockOwnerDeletion()));
        }

        @Override
        public String toString() {
            return kind + " " + name;
        }
    }

    private static String orEmpty(@Nullable String value) {
        return value == null ? "" : value;
    }
}
