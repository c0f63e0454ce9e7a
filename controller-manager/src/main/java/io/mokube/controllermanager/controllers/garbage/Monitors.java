package io.mokube.controllermanager.controllers.garbage;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PartialObjectMetadata;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.Discovery;
import io.mokube.client.rest.Discovery.Served;
import io.mokube.client.rest.ObjectKeys;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersion;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the metadata of everything that can be deleted, and fills the graph with it. What is served is asked again
 * every 30 seconds; resources that come are followed from then on, and those that are gone are forgotten.
 */
final class Monitors {

    private static final Logger log = LoggerFactory.getLogger(Monitors.class);
    private static final Duration REFRESH = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** Events own nothing, nobody owns them, and there are many. */
    private static final Set<GroupResource> IGNORED =
            Set.of(new GroupResource("", "events"), new GroupResource("events.k8s.io", "events"));

    private final ApiClient client;
    private final OwnershipGraph graph;
    private final Consumer<Set<String>> affected;
    private final Map<Served, Informer<PartialObjectMetadata>> informers = new ConcurrentHashMap<>();
    private volatile Map<KindOfGroup, Served> kinds = Map.of();
    private volatile boolean known;
    private volatile boolean stopped;
    private @Nullable Thread thread;

    /** A kind, whatever its version: an owner may be named in an older one than is followed. */
    private record KindOfGroup(String group, String kind) {}

    Monitors(ApiClient client, OwnershipGraph graph, Consumer<Set<String>> affected) {
        this.client = client;
        this.graph = graph;
        this.affected = affected;
    }

    void start() {
        thread = Thread.ofVirtual().name("garbage collector discovery").start(this::run);
    }

    void stop() {
        stopped = true;
        if (thread != null) {
            thread.interrupt();
        }
        informers.values().forEach(Informer::close);
    }

    /** Whether every object there was when its informer began is in the graph. */
    boolean allFilled() {
        return known && informers.values().stream().allMatch(Informer::hasSynced);
    }

    /** The resource of a kind that an owner reference names. */
    Optional<Served> served(String apiVersion, String kind) {
        String group = GroupVersion.parse(apiVersion).group();
        return Optional.ofNullable(kinds.get(new KindOfGroup(group, kind)));
    }

    private void run() {
        try {
            while (!stopped) {
                Duration pause = REFRESH;
                try {
                    refresh(Discovery.of(client));
                } catch (ApiException | ConnectionException e) {
                    pause = RETRY;
                    log.atInfo()
                            .setMessage("what is served could not be asked")
                            .addKeyValue("reason", e.getMessage())
                            .log();
                }
                client.platform().clock().sleep(pause);
            }
        } catch (InterruptedException e) {
            // The term is over.
        }
    }

    private void refresh(Discovery discovery) {
        Map<KindOfGroup, Served> found = new HashMap<>();
        Set<Served> followed = new HashSet<>();
        for (Served resource : discovery.resources()) {
            String group = resource.resource().group();
            if (resource.verbs().contains("get")) {
                found.putIfAbsent(new KindOfGroup(group, resource.kind()), resource);
            }
            if (resource.verbs().containsAll(List.of("list", "watch", "delete"))
                    && !IGNORED.contains(resource.resource().groupResource())) {
                followed.add(resource);
            }
        }
        followed.forEach(resource -> informers.computeIfAbsent(resource, this::follow));
        kinds = Map.copyOf(found);
        known = true;
        if (discovery.failed().isEmpty()) { // a group that is away for a moment is not gone
            Set<Served> gone = new HashSet<>(informers.keySet());
            gone.removeAll(followed);
            gone.forEach(this::forget);
        }
    }

    private Informer<PartialObjectMetadata> follow(Served resource) {
        Informer<PartialObjectMetadata> informer =
                new Informer<>(client.resource(resource.metadataType()), Selection.ALL, client.platform());
        informer.setTransform(Monitors::slim);
        informer.addHandler(new Handler<>() {
            @Override
            public void added(PartialObjectMetadata object) {
                affected.accept(graph.put(item(resource, object)));
            }

            @Override
            public void updated(PartialObjectMetadata before, PartialObjectMetadata now) {
                affected.accept(graph.put(item(resource, now)));
            }

            @Override
            public void deleted(PartialObjectMetadata last) {
                affected.accept(graph.remove(last.getMetadata().getUid()));
            }
        });
        if (!stopped) {
            informer.start();
        }
        return informer;
    }

    private void forget(Served resource) {
        Informer<PartialObjectMetadata> informer = informers.remove(resource);
        if (informer != null) {
            informer.close();
            informer.store()
                    .list()
                    .forEach(object ->
                            affected.accept(graph.remove(object.getMetadata().getUid())));
        }
    }

    private static Item item(Served resource, PartialObjectMetadata object) {
        return Item.of(resource, ObjectKeys.of(object), object.getMetadata());
    }

    /** Keeps only what the graph reads: there may be very many objects. */
    private static PartialObjectMetadata slim(PartialObjectMetadata object) {
        ObjectMeta full = object.getMetadata();
        ObjectMeta slim = new ObjectMeta();
        slim.setNamespace(full.getNamespace());
        slim.setName(full.getName());
        slim.setUid(full.getUid());
        slim.setResourceVersion(full.getResourceVersion());
        slim.setDeletionTimestamp(full.getDeletionTimestamp());
        slim.setFinalizers(full.getFinalizers());
        slim.setOwnerReferences(full.getOwnerReferences());
        object.setMetadata(slim);
        return object;
    }
}
