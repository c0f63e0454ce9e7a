package io.mokube.apiserver.admission;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.object.KubeObject;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A write on its way into the store.
 *
 * @param operation what the write does
 * @param resource the resource of the path
 * @param subresource what below the object the write is about, {@code ""} for the object itself
 * @param namespace {@code ""} for cluster-scoped resources
 * @param name {@code ""} on create when the name is generated
 * @param object the object to be stored, changed in place by mutating plugins; null on delete. On subresources that take
 *     another kind (binding, eviction, token) it is that object
 * @param old what is stored now; null on create
 * @param user who asks
 * @param dryRun whether nothing will be stored: plugins with effects elsewhere leave them out
 * @param warn takes sentences for the client
 */
public record AdmissionRequest(
        Operation operation,
        ResourceDefinition resource,
        String subresource,
        String namespace,
        String name,
        @Nullable KubeObject object,
        @Nullable KubeObject old,
        User user,
        boolean dryRun,
        Consumer<String> warn) {

    /** The same with other ears for warnings. */
    public AdmissionRequest withWarnings(Consumer<String> ears) {
        return new AdmissionRequest(operation, resource, subresource, namespace, name, object, old, user, dryRun, ears);
    }

    /** Whether the write is about objects of this resource themselves, not a subresource. */
    public boolean isFor(String group, String plural) {
        return subresource.isEmpty()
                && resource.plural().equals(plural)
                && resource.group().equals(group);
    }
}
