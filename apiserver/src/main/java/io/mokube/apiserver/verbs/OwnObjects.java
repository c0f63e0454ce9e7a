package io.mokube.apiserver.verbs;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.ownership.FieldManager;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.KubeObject;
import java.util.List;

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
            FieldManager manager = new FieldManager("kube-apiserver", false, object.apiVersion(), "");
            writes.create(definition, object, new Writes.Writer(SELF, false, warning -> {}, manager));
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) {
                throw e;
            }
        }
    }
}
