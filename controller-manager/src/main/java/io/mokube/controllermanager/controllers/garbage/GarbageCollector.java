package io.mokube.controllermanager.controllers.garbage;

import io.fabric8.kubernetes.api.model.PartialObjectMetadata;
import io.mokube.client.informer.Informer;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.Discovery.Served;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.garbage.Item.Owner;
import io.mokube.controllermanager.controllers.garbage.Judgement.Fate;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Deletes objects whose owners are all gone, and lets an owner that is deleted in the foreground or orphans its
 * dependents go when that is done. Works on UIDs and looks at the object itself each time.
 */
public final class GarbageCollector implements Controller {

    private static final Logger log = LoggerFactory.getLogger(GarbageCollector.class);
    private static final String NAME = "garbage-collector-controller";
    private static final int WORKERS = 20;
    private static final Duration UNTIL_INFORMERS_ARE_FILLED = Duration.ofMillis(200);
    private static final Duration UNTIL_KIND_IS_SERVED = Duration.ofSeconds(30);

    private final ApiClient client;
    private final OwnershipGraph graph = new OwnershipGraph();
    private final AbsentOwners absent = new AbsentOwners();
    private final Monitors monitors;
    private final ReconcileLoop<String> loop;

    private GarbageCollector(ControllerContext context) {
        this.client = context.client();
        this.loop = new ReconcileLoop<>(NAME, WORKERS, this::reconcile, context.platform());
        this.monitors = new Monitors(context.client(), graph, affected -> affected.forEach(loop.queue()::add));
    }

    public static Controller create(ControllerContext context) {
        return new GarbageCollector(context);
    }

    @Override
    public String name() {
        return NAME;
    }

    /** None: the garbage collector's own informers come and go with what is served. */
    @Override
    public List<Informer<?>> needs() {
        return List.of();
    }

    @Override
    public void start() {
        monitors.start();
        loop.start();
    }

    @Override
    public void stop(Duration grace) {
        monitors.stop();
        loop.stop(grace);
    }

    private Outcome reconcile(String uid) {
        Optional<Item> known = graph.get(uid);
        if (known.isEmpty()) {
            return Outcome.done();
        }
        Item item = known.get();
        if (item.orphansDependents() || item.waitsForDependents()) {
            if (!monitors.allFilled()) {
                return Outcome.again(UNTIL_INFORMERS_ARE_FILLED); // a dependent may not have been seen yet
            }
            return item.orphansDependents() ? orphanDependents(item) : deleteDependents(item);
        }
        if (item.deleting() || item.owners().isEmpty() || allOwnersLive(item)) {
            return Outcome.done();
        }
        return judge(item);
    }

    /** Whether the graph has every owner alive, where the object says it is: then no request is needed. */
    private boolean allOwnersLive(Item item) {
        return item.owners().stream()
                .allMatch(owner -> graph.get(owner.uid())
                        .filter(found -> !found.waitsForDependents()
                                && isMeant(found, owner, item.key().namespace()))
                        .isPresent());
    }

    private static boolean isMeant(Item found, Owner owner, String namespaceOfDependent) {
        return found.key().name().equals(owner.name())
                && found.resource().kind().equals(owner.kind())
                && found.resource()
                        .resource()
                        .group()
                        .equals(GroupVersion.parse(owner.apiVersion()).group())
                && (found.key().namespace().isEmpty() || found.key().namespace().equals(namespaceOfDependent));
    }

    /** Asks the server about the object and each of its owners, and acts on that. */
    private Outcome judge(Item known) {
        ResourceClient<PartialObjectMetadata> objects =
                client.resource(known.resource().metadataType());
        Optional<PartialObjectMetadata> found = objects.get(known.key())
                .filter(object -> known.uid().equals(object.getMetadata().getUid()));
        if (found.isEmpty()) {
            return Outcome.done();
        }
        PartialObjectMetadata object = found.get();
        Item item = Item.of(known.resource(), known.key(), object.getMetadata());
        if (item.deleting() || item.owners().isEmpty()) {
            return Outcome.done();
        }
        Map<Owner, Fate> fates = new LinkedHashMap<>();
        for (Owner owner : item.owners()) {
            Optional<Served> resource = monitors.served(owner.apiVersion(), owner.kind());
            boolean resolvable = resource.isPresent()
                    && !(resource.get().namespaced() && item.key().namespace().isEmpty());
            if (!resolvable) {
                // Nobody knows whether that owner exists, so the object stays; its kind may be served later.
                return Outcome.again(UNTIL_KIND_IS_SERVED);
            }
            fates.put(owner, fate(owner, resource.get(), item.key().namespace()));
        }
        List<String> finalizers =
                Objects.requireNonNullElse(object.getMetadata().getFinalizers(), List.of());
        Judgement judgement = Judgement.of(
                fates,
                graph.dependents(item.uid()),
                finalizers.contains(Item.ORPHAN),
                finalizers.contains(Item.FOREGROUND));
        switch (judgement) {
            case Judgement.Keep() -> {}
            case Judgement.KeepFor(List<Owner> owners) ->
                keepOwners(
                        item,
                        object,
                        reference ->
                                owners.stream().anyMatch(owner -> owner.uid().equals(reference.uid())));
            case Judgement.Delete(DeleteOptions.Propagation propagation, boolean unblock) -> {
                if (unblock) {
                    unblockOwners(item, object);
                }
                delete(item, propagation, unblock);
            }
        }
        return Outcome.done();
    }

    private Fate fate(Owner owner, Served resource, String namespaceOfDependent) {
        String namespace = resource.namespaced() ? namespaceOfDependent : "";
        AbsentOwners.Coordinates coordinates =
                new AbsentOwners.Coordinates(owner.apiVersion(), owner.kind(), namespace, owner.name(), owner.uid());
        if (absent.contains(coordinates)) {
            return Fate.GONE;
        }
        ObjectKey key = new ObjectKey(namespace, owner.name());
        Optional<Item> live = client.resource(resource.metadataType())
                .get(key)
                .map(object -> Item.of(resource, key, object.getMetadata()))
                .filter(item -> item.uid().equals(owner.uid()));
        if (live.isEmpty()) {
            absent.add(coordinates);
            return Fate.GONE;
        }
        return live.get().waitsForDependents() ? Fate.WAITS : Fate.SOLID;
    }

    private void delete(Item item, DeleteOptions.Propagation propagation, boolean changedJustNow) {
        DeleteOptions options = DeleteOptions.DEFAULT.withUid(item.uid()).withPropagation(propagation);
        if (!changedJustNow) {
            // Somebody may have given it a new owner since it was judged.
            options = options.withResourceVersion(item.resourceVersion());
        }
        try {
            client.resource(item.resource().metadataType()).delete(item.key(), options);
            log.atInfo()
                    .setMessage("deleted an object without owners")
                    .addKeyValue("resource", item.resource().resource())
                    .addKeyValue("key", item.key())
                    .addKeyValue("propagation", propagation)
                    .log();
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }

    /** Dependents first: those that block go, and when none is left, the object's finalizer does. */
    private Outcome deleteDependents(Item item) {
        List<Item> dependents = graph.dependents(item.uid());
        boolean blocked = dependents.stream().anyMatch(dependent -> dependent.blocks(item.uid()));
        if (!blocked) {
            removeFinalizer(item, Item.FOREGROUND);
        }
        for (Item dependent : dependents) {
            if (!dependent.deleting()) {
                loop.queue().add(dependent.uid());
            }
        }
        return Outcome.done();
    }

    /** Takes the object out of its dependents' references, and then lets it go. */
    private Outcome orphanDependents(Item item) {
        for (Item dependent : graph.dependents(item.uid())) {
            client.resource(dependent.resource().metadataType())
                    .get(dependent.key())
                    .filter(live -> dependent.uid().equals(live.getMetadata().getUid()))
                    .ifPresent(live -> keepOwners(
                            dependent, live, reference -> !reference.uid().equals(item.uid())));
        }
        removeFinalizer(item, Item.ORPHAN);
        return Outcome.done();
    }

    private void keepOwners(Item item, PartialObjectMetadata live, Predicate<Owner> keep) {
        ArrayNode references = Json.MAPPER.createArrayNode();
        live.getMetadata().getOwnerReferences().stream()
                .filter(reference -> keep.test(Owner.of(reference)))
                .forEach(reference -> references.add(Json.MAPPER.<ObjectNode>valueToTree(reference)));
        if (references.size() < live.getMetadata().getOwnerReferences().size()) {
            patch(item, live, "ownerReferences", references);
        }
    }

    private void unblockOwners(Item item, PartialObjectMetadata live) {
        ArrayNode references = Json.MAPPER.createArrayNode();
        live.getMetadata()
                .getOwnerReferences()
                .forEach(reference -> references.add(
                        Json.MAPPER.<ObjectNode>valueToTree(reference).put("blockOwnerDeletion", false)));
        patch(item, live, "ownerReferences", references);
    }

    private void removeFinalizer(Item item, String finalizer) {
        client.resource(item.resource().metadataType())
                .get(item.key())
                .filter(live -> item.uid().equals(live.getMetadata().getUid()))
                .ifPresent(live -> {
                    ArrayNode left = Json.MAPPER.createArrayNode();
                    List<String> present =
                            Objects.requireNonNullElse(live.getMetadata().getFinalizers(), List.of());
                    present.stream().filter(name -> !name.equals(finalizer)).forEach(left::add);
                    if (left.size() < present.size()) {
                        patch(item, live, "finalizers", left);
                    }
                });
    }

    /** Replaces a list of the metadata, if the object is still as it was seen. */
    private void patch(Item item, PartialObjectMetadata live, String field, ArrayNode value) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("uid", live.getMetadata().getUid());
        metadata.put("resourceVersion", live.getMetadata().getResourceVersion());
        metadata.set(field, value);
        try {
            client.resource(item.resource().metadataType()).patch(item.key(), PatchKind.MERGE, patch);
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw e;
            }
        }
    }
}
