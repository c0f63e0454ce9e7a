package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.registry.Change;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Objects that the server itself sees to, by the way that everybody's objects take. What is there is left as it is. */
public final class OwnObjects {

    static final User SELF = new User("system:apiserver", List.of(User.SYSTEM_MASTERS, User.AUTHENTICATED));

    private final Backend backend;
    private final Writes writes;

    public OwnObjects(Backend backend) {
        this.backend = backend;
        this.writes = new Writes(backend);
    }

    /**
     * Creates an object that is missing.
     *
     * @throws RuntimeException when the store is away
     */
    public void ensure(GroupResource resource, KubeObject object) {
        ResourceDefinition definition = backend.resources().find(resource).orElseThrow();
        ObjectKey key = object.key();
        if (backend.objects().getStored(definition, key) != null) {
            return;
        }
        try {
            writes.create(definition, object, writer(definition));
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }

    /**
     * Makes an object what it shall be; writes nothing when it is that already.
     *
     * @param desired the object as it shall be, given what it is, which it may change; null when it is missing
     * @throws ApiException when it is refused, or somebody else created it at the same time
     */
    public void keep(GroupResource resource, ObjectKey key, Function<@Nullable KubeObject, KubeObject> desired) {
        ResourceDefinition definition = backend.resources().find(resource).orElseThrow();
        if (backend.objects().get(definition, key) == null) {
            writes.create(definition, desired.apply(null), writer(definition));
        } else {
            writes.update(definition, key, "", writer(definition), desired);
        }
    }

    /** Removes an object when it is there and the condition holds for it as it is stored. */
    public void remove(GroupResource resource, ObjectKey key, Predicate<KubeObject> condition) {
        ResourceDefinition definition = backend.resources().find(resource).orElseThrow();
        if (backend.objects().get(definition, key) == null) {
            return;
        }
        try {
            writes.change(definition, key, writer(definition), current -> {
                if (current == null) {
                    throw ApiException.notFound(resource, key.name());
                }
                return condition.test(current) ? new Change.Delete(current) : new Change.Keep();
            });
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    private static Writes.Writer writer(ResourceDefinition definition) {
        String apiVersion = definition.storageKind().groupVersion().apiVersion();
        return new Writes.Writer(SELF, false, warning -> {}, new FieldManager("kube-apiserver", false, apiVersion, ""));
    }
}
