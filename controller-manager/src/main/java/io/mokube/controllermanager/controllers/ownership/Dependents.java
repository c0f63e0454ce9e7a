package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The objects of one kind as their owners find them: by controller, without controller, adopted and released. Safe for
 * use by many threads.
 *
 * @param <O> the owners
 * @param <T> the dependents
 */
public final class Dependents<O extends HasMetadata, T extends HasMetadata> {

    private static final String BY_CONTROLLER = "controller";
    private static final String WITHOUT_CONTROLLER = "without-controller";

    /** Some times what looking at one dependent costs, a microsecond or two. */
    private static final Duration GATHERING_FOR_EACH = Duration.ofNanos(10_000);

    private static final Duration NOT_WORTH_GATHERING = Duration.ofMillis(1);

    private final Informer<T> informer;
    private final ResourceClient<O> owners;
    private final ResourceClient<T> client;
    private final Optional<String> finalizer;
    private final OwnWrites writes = new OwnWrites();

    /** Dependents in an informer, which gets the indexes that are needed. */
    public Dependents(Informer<T> informer, ResourceClient<O> owners, ResourceClient<T> client) {
        this(informer, owners, client, Optional.empty());
    }

    /**
     * Dependents that carry a finalizer as long as they have an owner.
     *
     * @param finalizer given to those that are adopted and taken off those that are released
     */
    public Dependents(
            Informer<T> informer, ResourceClient<O> owners, ResourceClient<T> client, Optional<String> finalizer) {
        this.finalizer = finalizer;
        this.informer = informer;
        this.owners = owners;
        this.client = client;
        index(informer);
        informer.addIndex(
                WITHOUT_CONTROLLER,
                object -> Ownership.controllerOf(object).isEmpty() ? List.of(Ownership.namespace(object)) : List.of());
    }

    /** Gives an informer the index that {@link #of} reads. */
    public static <T extends HasMetadata> void index(Informer<T> informer) {
        informer.addIndex(
                BY_CONTROLLER,
                object -> Ownership.controllerOf(object).stream()
                        .map(OwnerReference::getUid)
                        .toList());
    }

    /** The objects of an indexed store that the owner of this UID controls. */
    public static <T> List<T> of(Store<T> indexed, String ownerUid) {
        return indexed.byIndex(BY_CONTROLLER, ownerUid);
    }

    /**
     * Puts the keys of the owners that a change of a dependent concerns into a queue: of its controller, or else of all
     * that would adopt it.
     *
     * @param kind of the owners
     * @param selector what an owner selects
     * @param queue takes a key and how long to wait for more changes, see {@link #gathering}
     */
    public void tellOwners(
            String kind,
            Store<O> cached,
            Function<O, Optional<LabelSelector>> selector,
            BiConsumer<ObjectKey, Duration> queue) {
        Function<T, List<ObjectKey>> concerned = dependent -> {
            String namespace = Ownership.namespace(dependent);
            return Ownership.controllerOf(dependent)
                    .map(owner -> owner.getKind().equals(kind)
                            ? List.of(new ObjectKey(namespace, owner.getName()))
                            : List.<ObjectKey>of())
                    .orElseGet(() -> cached.list(namespace).stream()
                            .filter(owner -> selector.apply(owner)
                                    .filter(each -> each.matches(Ownership.labels(dependent)))
                                    .isPresent())
                            .map(Ownership::key)
                            .toList());
        };
        Consumer<T> tell = dependent -> {
            Duration gathering = Ownership.controllerOf(dependent)
                    .map(owner -> gathering(owner.getUid()))
                    .orElse(Duration.ZERO);
            concerned.apply(dependent).forEach(key -> queue.accept(key, gathering));
        };
        informer.addHandler(new Handler<>() {
            @Override
            public void added(T dependent) {
                tell.accept(dependent);
            }

            @Override
            public void updated(T before, T now) {
                tell.accept(now);
                if (!Ownership.controllerOf(before).equals(Ownership.controllerOf(now))) {
                    tell.accept(before);
                }
            }

            @Override
            public void deleted(T last) {
                tell.accept(last);
            }
        });
    }

    /**
     * How long to wait for more changes before an owner looks at its dependents. It grows with their number, because the
     * owner looks at all of them each time: else one with ten thousand pods would look at them for each change of one,
     * and keep a core busy. With a few hundred it does not wait.
     */
    public Duration gathering(String ownerUid) {
        return gathering(informer.store().count(BY_CONTROLLER, ownerUid));
    }

    static Duration gathering(int dependents) {
        Duration gathering = GATHERING_FOR_EACH.multipliedBy(dependents);
        return gathering.compareTo(NOT_WORTH_GATHERING) < 0 ? Duration.ZERO : gathering;
    }

    /** What the owners write; their cache is the informer. */
    public OwnWrites writes() {
        return writes;
    }

    /**
     * Settles with the server what became of the owner's requests that got no answer.
     *
     * @return the dependents they were about that are there
     */
    public List<ObjectKey> settle(String ownerUid) {
        return writes.settle(ownerUid, client::get);
    }

    /** Whether the informer shows everything that this owner wrote, as far as that is settled. */
    public boolean showsWritesOf(String ownerUid) {
        long version = informer.version();
        return writes.observed(
                ownerUid,
                key -> informer.store()
                        .get(key)
                        .<@Nullable T>map(object -> object)
                        .orElse(null),
                version);
    }

    /**
     * The owner's dependents after adopting and releasing what has to be.
     *
     * @param adoptable which objects without a controller may be adopted, and which dependents released
     */
    public List<T> claim(O owner, LabelSelector selector, Predicate<T> adoptable) {
        List<T> candidates =
                new ArrayList<>(of(informer.store(), owner.getMetadata().getUid()));
        informer.store().byIndex(WITHOUT_CONTROLLER, Ownership.namespace(owner)).stream()
                .filter(adoptable)
                .forEach(candidates::add);
        Claim<T> claim = Claim.of(owner, selector, candidates);
        claim.release().stream().filter(adoptable).forEach(dependent -> release(owner, dependent));
        List<T> owned = new ArrayList<>(claim.owned());
        // The cache may be behind: an owner that is gone or going must not take anything with it.
        if (!claim.adopt().isEmpty() && livesOn(owner)) {
            claim.adopt().forEach(orphan -> adopt(owner, orphan).ifPresent(owned::add));
        }
        return owned;
    }

    private boolean livesOn(O owner) {
        return owners.get(Ownership.key(owner))
                .filter(live ->
                        live.getMetadata().getUid().equals(owner.getMetadata().getUid()))
                .filter(live -> !Ownership.isBeingDeleted(live))
                .isPresent();
    }

    private Optional<T> adopt(O owner, T orphan) {
        List<OwnerReference> references = references(orphan);
        references.removeIf(
                reference -> reference.getUid().equals(owner.getMetadata().getUid()));
        references.add(Ownership.controllerReference(owner));
        List<String> finalizers = finalizers(orphan);
        finalizer.filter(own -> !finalizers.contains(own)).ifPresent(finalizers::add);
        return write(owner, orphan, references, finalizers);
    }

    private void release(O owner, T dependent) {
        List<OwnerReference> references = references(dependent);
        references.removeIf(
                reference -> reference.getUid().equals(owner.getMetadata().getUid()));
        List<String> finalizers = finalizers(dependent);
        finalizer.ifPresent(finalizers::remove);
        write(owner, dependent, references, finalizers);
    }

    /** Writes the ties, unless the dependent changed meanwhile; then its owner is told and looks again. */
    private Optional<T> write(O owner, T dependent, List<OwnerReference> references, List<String> finalizers) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("uid", dependent.getMetadata().getUid());
        metadata.put("resourceVersion", dependent.getMetadata().getResourceVersion());
        ArrayNode array = metadata.putArray("ownerReferences");
        references.forEach(reference -> array.add(Json.MAPPER.<ObjectNode>valueToTree(reference)));
        if (!finalizers.equals(finalizers(dependent))) {
            ArrayNode changed = metadata.putArray("finalizers");
            finalizers.forEach(changed::add);
        }
        ObjectKey key = Ownership.key(dependent);
        try {
            T written = client.patch(key, PatchKind.MERGE, patch);
            writes.stored(owner.getMetadata().getUid(), written);
            return Optional.of(written);
        } catch (ApiException e) {
            if (e.isNotFound() || e.isConflict()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static <T extends HasMetadata> List<OwnerReference> references(T object) {
        @Nullable List<OwnerReference> references = object.getMetadata().getOwnerReferences();
        return references == null ? new ArrayList<>() : new ArrayList<>(references);
    }

    private static <T extends HasMetadata> List<String> finalizers(T object) {
        @Nullable List<String> finalizers = object.getMetadata().getFinalizers();
        return finalizers == null ? new ArrayList<>() : new ArrayList<>(finalizers);
    }
}
