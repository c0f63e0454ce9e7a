package io.mokube.controllermanager.controllers.history;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.NamespaceEnding;
import io.mokube.controllermanager.controllers.history.History.Change;
import io.mokube.controllermanager.controllers.ownership.CanonicalJson;
import io.mokube.controllermanager.controllers.ownership.Dependents;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Keeps the ControllerRevisions of one kind of owner. Safe for use by many threads.
 *
 * @param <O> the owners
 */
public final class RevisionHistory<O extends HasMetadata> {

    private static final int LONGEST_PREFIX = 223;

    private final Dependents<O, ControllerRevision> dependents;
    private final ResourceClient<ControllerRevision> client;
    private final String hashLabel;

    /**
     * The history of the owners.
     *
     * @param hashLabel the label that carries the end of a revision's name
     */
    public RevisionHistory(
            Informer<ControllerRevision> revisions,
            ResourceClient<O> owners,
            ResourceClient<ControllerRevision> client,
            String hashLabel) {
        this.dependents = new Dependents<>(revisions, owners, client);
        this.client = client;
        this.hashLabel = hashLabel;
    }

    /**
     * Where an owner's template stands.
     *
     * @param revision the one of the template
     * @param others the other revisions
     * @param collisionCount what the owner's status should say
     */
    public record Position(ControllerRevision revision, List<ControllerRevision> others, int collisionCount) {

        /** The name of the template's revision. */
        public String name() {
            return revision.getMetadata().getName();
        }
    }

    /** As {@link Dependents#tellOwners}. */
    public void tellOwners(
            String kind,
            Store<O> owners,
            Function<O, Optional<LabelSelector>> selector,
            BiConsumer<ObjectKey, Duration> queue) {
        dependents.tellOwners(kind, owners, selector, queue);
    }

    /** Whether the cache shows everything that was written for this owner. */
    public boolean showsWritesOf(String ownerUid) {
        dependents.settle(ownerUid);
        return dependents.showsWritesOf(ownerUid);
    }

    /**
     * Finds the revision of the owner's template, and makes it or makes it the newest when needed.
     *
     * @param collisionCount from the owner's status
     * @return empty when something changed meanwhile, or the namespace is on its way out; a later round does it
     */
    public Optional<Position> position(
            O owner, LabelSelector selector, PodTemplateSpec template, @Nullable Integer collisionCount) {
        List<ControllerRevision> revisions = dependents.claim(owner, selector, any -> true);
        int collisions = Ownership.orZero(collisionCount);
        return switch (History.change(revisions, template)) {
            case Change.None(ControllerRevision newest) ->
                Optional.of(new Position(newest, without(newest, revisions), collisions));
            case Change.Renumber(ControllerRevision revision, long number) ->
                renumbered(owner, revision, number)
                        .map(newest -> new Position(newest, without(newest, revisions), collisions));
            case Change.Create(JsonNode data, long number) ->
                created(owner, template, data, number, collisions, revisions);
        };
    }

    /** Deletes revisions. */
    public void drop(O owner, List<ControllerRevision> surplus) {
        for (ControllerRevision revision : surplus) {
            try {
                client.delete(
                        Ownership.key(revision),
                        DeleteOptions.DEFAULT.withUid(revision.getMetadata().getUid()));
            } catch (ApiException e) {
                if (!e.isNotFound() && !e.isConflict()) {
                    throw e;
                }
            }
        }
    }

    /** The owner is gone. */
    public void forget(O owner) {
        dependents.writes().forget(owner.getMetadata().getUid());
    }

    private Optional<ControllerRevision> renumbered(O owner, ControllerRevision revision, long number) {
        ControllerRevision newest =
                new ControllerRevisionBuilder(revision).withRevision(number).build();
        try {
            return Optional.of(remembered(owner, newest, client::update));
        } catch (ApiException e) {
            if (e.isConflict() || e.isNotFound()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** A name that is taken by other data is a collision: it is counted, and the count changes the next name. */
    private Optional<Position> created(
            O owner,
            PodTemplateSpec template,
            JsonNode data,
            long number,
            int collisionCount,
            List<ControllerRevision> others) {
        for (int collisions = collisionCount; ; collisions++) {
            ControllerRevision wanted = draft(owner, template, data, number, collisions);
            ControllerRevision made;
            try {
                made = remembered(owner, wanted, client::create);
            } catch (ApiException e) {
                if (NamespaceEnding.isCauseOf(e)) {
                    return Optional.empty();
                }
                if (!e.isAlreadyExists()) {
                    throw e;
                }
                Optional<ControllerRevision> existing = client.get(Ownership.key(wanted));
                if (existing.isEmpty()) {
                    return Optional.empty();
                }
                if (!Ownership.isControlledBy(existing.get(), owner) || !RevisionData.isIn(existing.get(), data)) {
                    continue;
                }
                made = existing.get();
                dependents.writes().stored(owner.getMetadata().getUid(), made);
            }
            return Optional.of(new Position(made, others, collisions));
        }
    }

    private ControllerRevision remembered(
            O owner, ControllerRevision wanted, Function<ControllerRevision, ControllerRevision> request) {
        String uid = owner.getMetadata().getUid();
        ControllerRevision answer;
        try {
            answer = request.apply(wanted);
        } catch (RuntimeException e) {
            dependents.writes().failed(uid, Ownership.key(wanted), e);
            throw e;
        }
        dependents.writes().stored(uid, answer);
        return answer;
    }

    private ControllerRevision draft(O owner, PodTemplateSpec template, JsonNode data, long number, int collisions) {
        String prefix = owner.getMetadata().getName();
        String hash = CanonicalJson.hash(data, collisions);
        @Nullable ObjectMeta metadata = template.getMetadata();
        @Nullable Map<String, String> labels = metadata == null ? null : metadata.getLabels();
        return new ControllerRevisionBuilder()
                .withNewMetadata()
                .withNamespace(Ownership.namespace(owner))
                .withName(prefix.substring(0, Math.min(prefix.length(), LONGEST_PREFIX)) + "-" + hash)
                .withLabels(labels == null ? new HashMap<>() : labels)
                .addToLabels(hashLabel, hash)
                .withAnnotations(Ownership.annotations(owner))
                .withOwnerReferences(Ownership.controllerReference(owner))
                .endMetadata()
                .withData(data)
                .withRevision(number)
                .build();
    }

    private static List<ControllerRevision> without(ControllerRevision one, List<ControllerRevision> all) {
        List<ControllerRevision> others = new ArrayList<>(all);
        others.removeIf(
                other -> other.getMetadata().getUid().equals(one.getMetadata().getUid()));
        return others;
    }
}
