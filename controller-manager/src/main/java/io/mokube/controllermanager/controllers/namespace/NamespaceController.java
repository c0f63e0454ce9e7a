package io.mokube.controllermanager.controllers.namespace;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.PartialObjectMetadata;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.Discovery;
import io.mokube.client.rest.Discovery.Served;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Deletes everything in a namespace that is being deleted, pods before the rest, and then takes the namespace's own
 * finalizer away. As long as something is left, the conditions say what.
 */
public final class NamespaceController {

    private static final String NAME = "namespace-controller";
    private static final int WORKERS = 10;
    private static final String FINALIZER = "kubernetes";
    private static final GroupResource PODS = new GroupResource("", "pods");
    private static final Duration FIRST_LOOK_AGAIN = Duration.ofMillis(250);
    private static final Duration LAST_LOOK_AGAIN = Duration.ofSeconds(5);

    private final ApiClient client;
    private final ResourceClient<Namespace> namespaces;
    private final Clock clock;

    private NamespaceController(ApiClient client, Clock clock) {
        this.client = client;
        this.namespaces = client.resource(Namespace.class);
        this.clock = clock;
    }

    public static Controller create(ControllerContext context) {
        NamespaceController controller =
                new NamespaceController(context.client(), context.platform().clock());
        ReconcileLoop<ObjectKey> loop = new ReconcileLoop<>(NAME, WORKERS, controller::reconcile, context.platform());
        Informer<Namespace> informer = context.informers().informer(Namespace.class);
        informer.addHandler(Handler.each(namespace -> {
            if (namespace.isMarkedForDeletion()) {
                loop.queue().add(new ObjectKey("", namespace.getMetadata().getName()));
            }
        }));
        return Controller.of(NAME, List.of(informer), loop);
    }

    private Outcome reconcile(ObjectKey key) {
        Optional<Namespace> found = namespaces.get(key);
        if (found.isEmpty() || !found.get().isMarkedForDeletion() || !hasOurFinalizer(found.get())) {
            return Outcome.done();
        }
        Namespace namespace = found.get();
        Remains remains = empty(key.name());
        Namespace written = writeConditions(namespace, remains);
        if (remains.isNothing()) {
            letGo(key, written);
            return Outcome.done();
        }
        return Outcome.again(pause(namespace));
    }

    /** Soon at first, when most things vanish at once, then less often the longer it takes. */
    private Duration pause(Namespace namespace) {
        Duration since =
                Duration.between(Instant.parse(namespace.getMetadata().getDeletionTimestamp()), clock.instant());
        Duration pause = since.dividedBy(4);
        if (pause.compareTo(FIRST_LOOK_AGAIN) < 0) {
            return FIRST_LOOK_AGAIN;
        }
        return pause.compareTo(LAST_LOOK_AGAIN) > 0 ? LAST_LOOK_AGAIN : pause;
    }

    private static boolean hasOurFinalizer(Namespace namespace) {
        return namespace.getSpec() != null
                && namespace.getSpec().getFinalizers() != null
                && namespace.getSpec().getFinalizers().contains(FINALIZER);
    }

    /** Deletes what there is and counts what is left of it. */
    private Remains empty(String namespace) {
        Remains remains = new Remains();
        Discovery discovery = Discovery.of(client);
        discovery.failed().forEach(groupVersion -> remains.addUndiscovered(groupVersion.apiVersion()));
        List<Served> rest = new ArrayList<>();
        for (Served resource : discovery.resources()) {
            if (!resource.namespaced() || !resource.verbs().containsAll(List.of("list", "delete"))) {
                continue;
            }
            if (resource.resource().groupResource().equals(PODS)) {
                deleteAll(resource, namespace, remains);
            } else {
                rest.add(resource);
            }
        }
        if (remains.isNothing()) { // pods may need their secrets, claims and services until they end
            rest.forEach(resource -> deleteAll(resource, namespace, remains));
        }
        return remains;
    }

    private void deleteAll(Served resource, String namespace, Remains remains) {
        ResourceClient<PartialObjectMetadata> objects = client.resource(resource.metadataType());
        try {
            List<PartialObjectMetadata> present =
                    objects.list(namespace, ListOptions.ALL).items();
            if (present.isEmpty()) {
                return;
            }
            if (resource.verbs().contains("deletecollection")) {
                objects.deleteCollection(
                        namespace,
                        ListOptions.ALL,
                        DeleteOptions.DEFAULT.withPropagation(DeleteOptions.Propagation.BACKGROUND));
            } else {
                present.stream()
                        .filter(object -> object.getMetadata().getDeletionTimestamp() == null)
                        .forEach(object -> delete(objects, object));
            }
            List<PartialObjectMetadata> left =
                    objects.list(namespace, ListOptions.ALL).items();
            if (!left.isEmpty()) {
                remains.addInstances(resource.resource().groupResource(), left.size());
            }
            for (PartialObjectMetadata object : left) {
                Objects.requireNonNullElse(object.getMetadata().getFinalizers(), List.<String>of())
                        .forEach(remains::addFinalizer);
            }
        } catch (ApiException e) {
            if (e.code() != 404 && e.code() != 405) { // no longer served since discovery
                remains.addFailure(e.status().message());
            }
        }
    }

    private static void delete(ResourceClient<PartialObjectMetadata> objects, PartialObjectMetadata object) {
        try {
            objects.delete(
                    objects.type().key(object),
                    DeleteOptions.DEFAULT.withPropagation(DeleteOptions.Propagation.BACKGROUND));
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    private Namespace writeConditions(Namespace namespace, Remains remains) {
        List<NamespaceCondition> before =
                namespace.getStatus() == null ? null : namespace.getStatus().getConditions();
        List<NamespaceCondition> conditions = remains.conditions(before, clock.instant());
        boolean terminating = namespace.getStatus() != null
                && "Terminating".equals(namespace.getStatus().getPhase());
        boolean newsless = remains.isNothing() && (before == null || before.isEmpty());
        if (terminating && (newsless || conditions.equals(before))) {
            return namespace; // a namespace that goes at once needs no word about it
        }
        return namespaces.updateStatus(new NamespaceBuilder(namespace)
                .editOrNewStatus()
                .withPhase("Terminating")
                .withConditions(conditions)
                .endStatus()
                .build());
    }

    private void letGo(ObjectKey key, Namespace namespace) {
        Namespace finalized = new NamespaceBuilder(namespace)
                .editSpec()
                .removeFromFinalizers(FINALIZER)
                .endSpec()
                .build();
        try {
            namespaces.updateSubresource(key, "finalize", finalized);
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
