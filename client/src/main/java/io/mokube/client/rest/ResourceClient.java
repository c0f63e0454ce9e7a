package io.mokube.client.rest;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Requests about the objects of one resource. Every method blocks until the answer is there, throws
 * {@link ApiException} when the server answers with an error, {@link ConnectionException} when no whole answer came, and
 * {@link WriteGuard.WriteRefusedException} when the client may not write any more. Safe for use by many threads.
 */
public final class ResourceClient<T> {

    private final ApiClient client;
    private final ResourceType<T> type;

    ResourceClient(ApiClient client, ResourceType<T> type) {
        this.client = client;
        this.type = type;
    }

    public ResourceType<T> type() {
        return type;
    }

    /** The object, or nothing when there is none of that name. */
    public Optional<T> get(ObjectKey key) {
        return client.find(type, path(key));
    }

    /** The object of that name. */
    public Optional<T> get(String namespace, String name) {
        return get(new ObjectKey(namespace, name));
    }

    /** The objects of a namespace, or of all with {@code ""}. */
    public ListResult<T> list(String namespace, ListOptions options) {
        return client.list(type, collectionPath(namespace) + Query.of(options));
    }

    /** Creates the object in the namespace it names; the answer carries what the server filled in. */
    public T create(T object) {
        return client.write(type, "POST", collectionPath(type.key(object).namespace()), object);
    }

    /** Replaces the object; its resourceVersion, when set, must be the current one. */
    public T update(T object) {
        return client.write(type, "PUT", path(type.key(object)), object);
    }

    /** Replaces the object's status and leaves the rest as it is. */
    public T updateStatus(T object) {
        return client.write(type, "PUT", path(type.key(object)) + "/status", object);
    }

    /** Changes the object by a patch. */
    public T patch(ObjectKey key, PatchKind kind, JsonNode patch) {
        return patch(key, kind, patch, "");
    }

    /** Changes a subresource, or the object itself when it is {@code ""}, by a patch. */
    public T patch(ObjectKey key, PatchKind kind, JsonNode patch, String subresource) {
        return client.patch(type, path(key) + (subresource.isEmpty() ? "" : "/" + subresource), kind, patch);
    }

    /** Asks for the object's deletion; it may live on until its grace period is over and its finalizers are gone. */
    public void delete(ObjectKey key, DeleteOptions options) {
        client.delete(path(key), options);
    }

    /** Asks for the deletion of all objects of a namespace that options select. */
    public void deleteCollection(String namespace, ListOptions selection, DeleteOptions options) {
        client.delete(collectionPath(namespace) + Query.of(selection), options);
    }

    /** Posts to a subresource such as {@code binding} or {@code token}; returns what the server answered. */
    public JsonNode createSubresource(ObjectKey key, String name, Object body) {
        return client.post(path(key) + "/" + name, body);
    }

    /** Replaces a subresource such as {@code finalize}; returns what the server answered. */
    public JsonNode updateSubresource(ObjectKey key, String name, Object body) {
        return client.put(path(key) + "/" + name, body);
    }

    /**
     * Opens a watch on the objects of a namespace, or of all with {@code ""}.
     *
     * @throws ApiException when the server refuses it
     */
    public Watch<T> watch(String namespace, WatchOptions options) {
        return client.watch(type, collectionPath(namespace) + Query.of(options), options.idleTimeout());
    }

    private String path(ObjectKey key) {
        if (key.name().isEmpty()) {
            throw new IllegalArgumentException("a name is needed for a request about one of " + type);
        }
        return collectionPath(key.namespace()) + "/" + Query.encode(key.name());
    }

    private String collectionPath(String namespace) {
        String root = type.resource().groupVersion().path();
        return (namespace.isEmpty() || !type.namespaced() ? root : root + "/namespaces/" + Query.encode(namespace))
                + "/" + type.resource().resource();
    }
}
