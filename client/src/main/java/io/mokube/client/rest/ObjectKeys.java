package io.mokube.client.rest;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.mokube.machinery.names.ObjectKey;
import org.jspecify.annotations.Nullable;

/** The keys of typed objects. */
public final class ObjectKeys {

    private ObjectKeys() {}

    /** The object's namespace and name; a missing one reads as {@code ""}. */
    public static ObjectKey of(HasMetadata object) {
        ObjectMeta metadata = object.getMetadata();
        return new ObjectKey(orEmpty(metadata.getNamespace()), orEmpty(metadata.getName()));
    }

    private static String orEmpty(@Nullable String value) {
        return value == null ? "" : value;
    }
}
