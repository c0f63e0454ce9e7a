package io.mokube.apiserver.verbs;

import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.machinery.names.ObjectKey;

/** What a path names. */
final class Paths {

    private Paths() {}

    /** The object of the path. */
    static ObjectKey key(ApiRequest request, ResourceDefinition definition) {
        return new ObjectKey(
                definition.namespaced() ? request.info().namespace() : "",
                request.info().name());
    }

    /** The namespace of the path, {@code ""} for all namespaces and for cluster-scoped resources. */
    static String namespace(ApiRequest request, ResourceDefinition definition) {
        return definition.namespaced() ? request.info().namespace() : "";
    }

    /** The object that the cache knows by this key. */
    static ObjectKey objectKey(String key) {
        int slash = key.indexOf('/');
        return slash < 0 ? new ObjectKey("", key) : new ObjectKey(key.substring(0, slash), key.substring(slash + 1));
    }
}
