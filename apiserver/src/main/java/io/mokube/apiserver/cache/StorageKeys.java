package io.mokube.apiserver.cache;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import org.jspecify.annotations.Nullable;

/** Where objects lie in the store: {@code /registry/<group or core>/<plural>/<namespace>/<name>}. */
public final class StorageKeys {

    /** All objects lie from here … */
    static final String ROOT = "/registry/";

    /** … to before here. */
    static final String ROOT_END = "/registry0";

    private static final String CORE = "core";

    private StorageKeys() {}

    /** A resource and the part of the key that the cache knows an object by. */
    record Place(GroupResource resource, String key) {}

    /** The key of an object. */
    public static String of(ResourceDefinition definition, ObjectKey object) {
        return prefix(definition.storedAs()) + object;
    }

    /** What all keys of a resource begin with. */
    public static String prefix(GroupResource resource) {
        return ROOT + (resource.group().isEmpty() ? CORE : resource.group()) + "/" + resource.resource() + "/";
    }

    /** Reads a key; null when nothing of ours is stored there. */
    static @Nullable Place parse(String key) {
        int group = ROOT.length();
        int plural = key.indexOf('/', group) + 1;
        int object = plural == 0 ? 0 : key.indexOf('/', plural) + 1;
        if (object == 0 || object == key.length()) {
            return null;
        }
        String groupName = key.substring(group, plural - 1);
        return new Place(
                new GroupResource(groupName.equals(CORE) ? "" : groupName, key.substring(plural, object - 1)),
                key.substring(object));
    }
}
