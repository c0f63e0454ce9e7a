package io.mokube.controllermanager.controllers.disruption;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.informer.Store;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.Discovery;
import io.mokube.controllermanager.controllers.disruption.ExpectedScale.Scale;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.ObjectKey;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import tools.jackson.databind.JsonNode;

/** Finds the scale of pods' controllers: the well-known ones in caches, any other by its {@code scale} subresource. */
final class Scales implements ExpectedScale.Finder {

    private final Informer<ReplicationController> replicationControllers;
    private final Informer<ReplicaSet> replicaSets;
    private final Informer<Deployment> deployments;
    private final Informer<StatefulSet> statefulSets;
    private final ApiClient client;

    Scales(InformerFactory informers, ApiClient client) {
        this.replicationControllers = informers.informer(ReplicationController.class);
        this.replicaSets = informers.informer(ReplicaSet.class);
        this.deployments = informers.informer(Deployment.class);
        this.statefulSets = informers.informer(StatefulSet.class);
        this.client = client;
    }

    List<Informer<?>> needs() {
        return List.of(replicationControllers, replicaSets, deployments, statefulSets);
    }

    @Override
    public Optional<Scale> find(String namespace, OwnerReference controller) {
        String group = GroupVersion.parse(controller.getApiVersion()).group();
        return switch (group + "/" + controller.getKind()) {
            case "/ReplicationController" ->
                cached(
                        replicationControllers.store(),
                        namespace,
                        controller,
                        found -> orZero(found.getSpec().getReplicas()));
            case "apps/ReplicaSet" -> ofReplicaSet(namespace, controller);
            case "apps/StatefulSet" ->
                cached(
                        statefulSets.store(),
                        namespace,
                        controller,
                        found -> orZero(found.getSpec().getReplicas()));
            default -> asked(namespace, group, controller);
        };
    }

    private Optional<Scale> ofReplicaSet(String namespace, OwnerReference controller) {
        Optional<ReplicaSet> replicaSet = same(replicaSets.store(), namespace, controller);
        Optional<OwnerReference> deployment = replicaSet
                .flatMap(Ownership::controllerOf)
                .filter(owner -> owner.getKind().equals("Deployment"));
        return deployment.isPresent()
                ? cached(
                        deployments.store(),
                        namespace,
                        deployment.get(),
                        found -> orZero(found.getSpec().getReplicas()))
                : replicaSet.map(found -> new Scale(
                        found.getMetadata().getUid(), orZero(found.getSpec().getReplicas())));
    }

    private static <T extends HasMetadata> Optional<Scale> cached(
            Store<T> store, String namespace, OwnerReference owner, ToIntFunction<T> replicas) {
        return same(store, namespace, owner)
                .map(found -> new Scale(found.getMetadata().getUid(), replicas.applyAsInt(found)));
    }

    private static <T extends HasMetadata> Optional<T> same(Store<T> store, String namespace, OwnerReference owner) {
        return store.get(new ObjectKey(namespace, owner.getName()))
                .filter(found -> found.getMetadata().getUid().equals(owner.getUid()));
    }

    private Optional<Scale> asked(String namespace, String group, OwnerReference controller) {
        Discovery.Served served = Discovery.of(client).resources().stream()
                .filter(each ->
                        each.resource().group().equals(group) && each.kind().equals(controller.getKind()))
                .findFirst()
                .orElseThrow(() -> new UncountableException("no matches for kind \"" + controller.getKind()
                        + "\" in version \"" + controller.getApiVersion() + "\""));
        String path = served.resource().groupVersion().path() + "/namespaces/" + namespace + "/"
                + served.resource().resource() + "/"
                + URLEncoder.encode(controller.getName(), StandardCharsets.UTF_8);
        try {
            JsonNode scale = client.get(path + "/scale");
            String uid = scale.path("metadata").path("uid").asString("");
            return uid.equals(controller.getUid())
                    ? Optional.of(
                            new Scale(uid, scale.path("spec").path("replicas").asInt(0)))
                    : Optional.empty();
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
            if (isThere(path)) {
                throw new UncountableException(
                        served.resource().groupResource() + " does not implement the scale subresource");
            }
            return Optional.empty();
        }
    }

    private boolean isThere(String path) {
        try {
            client.get(path);
            return true;
        } catch (ApiException e) {
            return false;
        }
    }
}
