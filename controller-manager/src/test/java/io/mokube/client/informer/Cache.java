package io.mokube.client.informer;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.rest.ResourceType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/** An informer's store and handlers without the informer: a test says what they see and when. */
public final class Cache<T extends HasMetadata> {

    private final ResourceType<T> type;
    private final Store<T> store;
    private final List<Handler<? super T>> handlers = new ArrayList<>();

    public Cache(Class<T> model) {
        type = ResourceType.of(model);
        store = new Store<>(type);
    }

    public Store<T> store() {
        return store;
    }

    public void addIndex(String name, Function<? super T, ? extends Collection<String>> values) {
        store.addIndex(name, values);
    }

    /** Adds a handler and tells it about everything that is there. */
    public void addHandler(Handler<? super T> handler) {
        handlers.add(handler);
        store.list().forEach(handler::added);
    }

    /** Forgets the handlers. */
    public void removeHandlers() {
        handlers.clear();
    }

    /** The object as it is now. */
    public void put(T object) {
        T before = store.put(type.key(object), object);
        handlers.forEach(handler -> {
            if (before == null) {
                handler.added(object);
            } else {
                handler.updated(before, object);
            }
        });
    }

    /** The object is gone. */
    public void remove(T object) {
        T before = store.remove(type.key(object));
        if (before != null) {
            handlers.forEach(handler -> handler.deleted(before));
        }
    }
}
