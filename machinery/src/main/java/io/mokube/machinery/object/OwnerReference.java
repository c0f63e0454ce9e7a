package io.mokube.machinery.object;

/** An entry of {@code metadata.ownerReferences}: the object whose deletion takes this one along. */
public record OwnerReference(
        String apiVersion, String kind, String name, String uid, boolean controller, boolean blockOwnerDeletion) {}
