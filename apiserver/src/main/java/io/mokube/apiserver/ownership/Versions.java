package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The versions of a resource's objects: each entry of {@code managedFields} speaks of the fields of one. */
public interface Versions {

    /** The schema of a version such as {@code apps/v1}, or null when it is not served any more. */
    @Nullable
    Schema schema(String apiVersion);

    /** The structures that every object of a version has, which nobody owns for setting their first field. */
    FieldSet structures(String apiVersion);

    /** An object of one version as another has it; may be the object itself, which is not changed. Both are served. */
    ObjectNode convert(ObjectNode object, String fromApiVersion, String toApiVersion);
}
