package io.mokube.controllermanager.controllers.quota;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PartialObjectMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Service;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.Discovery;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quota.Evaluator;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The objects that quotas count. Pods, services and volume claims are followed always; of other resources the metadata,
 * from when the first quota counts them. Called by one thread.
 */
final class CountedObjects {

    /** How often at most the server is asked for resources that it did not serve before. */
    private static final Duration DISCOVERY_PAUSE = Duration.ofSeconds(30);

    /** Stands for every object of which only the number counts. */
    private static final KubeObject ANY = KubeObject.of("v1", "Object");

    private final ApiClient client;
    private final InformerFactory informers;
    private final Clock clock;
    private final Consumer<String> freed;
    private final Map<GroupResource, Informer<? extends HasMetadata>> typed;
    private final Map<GroupResource, Informer<PartialObjectMetadata>> counted = new HashMap<>();
    private List<Discovery.Served> served = List.of();
    private @Nullable Long lastDiscovery;

    /**
     * Begins to follow.
     *
     * @param freed told the namespaces in which something may be used no more
     */
    CountedObjects(ApiClient client, InformerFactory informers, Consumer<String> freed) {
        this.client = client;
        this.informers = informers;
        this.clock = client.platform().clock();
        this.freed = freed;
        this.typed = Map.of(
                new GroupResource("", "pods"), informers.informer(Pod.class),
                new GroupResource("", "services"), informers.informer(Service.class),
                new GroupResource("", "persistentvolumeclaims"), informers.informer(PersistentVolumeClaim.class));
        typed.values()
                .forEach(informer -> informer.addHandler(new Handler<HasMetadata>() {
                    @Override
                    public void updated(HasMetadata before, HasMetadata now) {
                        if (!isSame(before, now)) {
                            deleted(before);
                        }
                    }

                    @Override
                    public void deleted(HasMetadata last) {
                        freed.accept(Ownership.namespace(last));
                    }
                }));
    }

    List<Informer<?>> needs() {
        return List.copyOf(typed.values());
    }

    /** Whether an update can't have changed what the object uses: most updates of pods are of their conditions. */
    private static boolean isSame(HasMetadata before, HasMetadata now) {
        return before instanceof Pod old
                && now instanceof Pod pod
                && Objects.equals(old.getSpec(), pod.getSpec())
                && PodFacts.phase(old).equals(PodFacts.phase(pod))
                && Objects.equals(containers(old), containers(pod));
    }

    private static @Nullable List<ContainerStatus> containers(Pod pod) {
        @Nullable PodStatus status = pod.getStatus();
        return status == null ? null : status.getContainerStatuses();
    }

    /** The objects of a namespace; empty while they are not known, or when nobody serves them. */
    Optional<List<KubeObject>> of(GroupResource resource, String namespace) {
        Informer<? extends HasMetadata> full = typed.get(resource);
        if (full != null) {
            return Optional.of(full.store().list(namespace).stream()
                    .map(object -> new KubeObject(Json.MAPPER.<ObjectNode>valueToTree(object)))
                    .toList());
        }
        if (Evaluator.UNCOUNTED.contains(resource)) {
            return Optional.empty();
        }
        return counted(resource)
                .filter(Informer::hasSynced)
                .map(informer ->
                        Collections.nCopies(informer.store().list(namespace).size(), ANY));
    }

    /** Whether objects that are not known are about to be. */
    boolean isComing(GroupResource resource) {
        return counted.containsKey(resource);
    }

    private Optional<Informer<PartialObjectMetadata>> counted(GroupResource resource) {
        if (!counted.containsKey(resource)) {
            served(resource).ifPresent(served -> counted.put(resource, follow(served)));
        }
        return Optional.ofNullable(counted.get(resource));
    }

    private Optional<Discovery.Served> served(GroupResource resource) {
        Optional<Discovery.Served> known = find(resource);
        long now = clock.nanoTime();
        if (known.isPresent() || (lastDiscovery != null && now - lastDiscovery < DISCOVERY_PAUSE.toNanos())) {
            return known;
        }
        served = Discovery.of(client).resources();
        lastDiscovery = now;
        return find(resource);
    }

    private Optional<Discovery.Served> find(GroupResource resource) {
        return served.stream()
                .filter(each -> each.resource().groupResource().equals(resource))
                .filter(Discovery.Served::namespaced)
                .filter(each -> each.verbs().containsAll(List.of("list", "watch")))
                .findFirst();
    }

    private Informer<PartialObjectMetadata> follow(Discovery.Served served) {
        Informer<PartialObjectMetadata> informer = informers.informer(served.metadataType());
        informer.addHandler(new Handler<>() {
            @Override
            public void deleted(PartialObjectMetadata last) {
                freed.accept(Ownership.namespace(last));
            }
        });
        informer.start();
        return informer;
    }
}
