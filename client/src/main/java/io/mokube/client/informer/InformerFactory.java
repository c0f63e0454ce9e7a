package io.mokube.client.informer;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ResourceType;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Shares informers: one for each resource, way of reading it and selection. Safe for use by many threads. */
public final class InformerFactory implements AutoCloseable {

    private final ApiClient client;
    private final Map<Shared, Informer<?>> informers = new LinkedHashMap<>();

    public InformerFactory(ApiClient client) {
        this.client = client;
    }

    /** The informer of all objects of a typed model. */
    public <T extends HasMetadata> Informer<T> informer(Class<T> model) {
        return informer(ResourceType.of(model), Selection.ALL);
    }

    /** The informer of all objects of a resource. */
    public <T> Informer<T> informer(ResourceType<T> type) {
        return informer(type, Selection.ALL);
    }

    /** The informer of some objects of a resource. It is not started by this. */
    @SuppressWarnings("unchecked") // the type in the key is the informer's own
    public synchronized <T> Informer<T> informer(ResourceType<T> type, Selection selection) {
        return (Informer<T>) informers.computeIfAbsent(
                new Shared(type, selection),
                any -> new Informer<>(client.resource(type), selection, client.platform()));
    }

    /** Starts those informers that were asked for and do not run yet. */
    public void start() {
        all().forEach(Informer::start);
    }

    /** Waits until all informers hold their first list; false when one does not by then. */
    public boolean awaitSynced(Duration timeout) throws InterruptedException {
        long deadline = client.platform().clock().nanoTime() + timeout.toNanos();
        for (Informer<?> informer : all()) {
            if (!informer.awaitSynced(Duration.ofNanos(
                    Math.max(0, deadline - client.platform().clock().nanoTime())))) {
                return false;
            }
        }
        return true;
    }

    /** The resources whose first list is still missing, for messages. */
    public List<String> notSynced() {
        return all().stream()
                .filter(informer -> !informer.hasSynced())
                .map(informer -> informer.type().toString())
                .toList();
    }

    /** Closes all informers. */
    @Override
    public void close() {
        all().forEach(Informer::close);
    }

    private synchronized List<Informer<?>> all() {
        return List.copyOf(informers.values());
    }

    private record Shared(ResourceType<?> type, Selection selection) {}
}
