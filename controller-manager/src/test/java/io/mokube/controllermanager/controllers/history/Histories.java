package io.mokube.controllermanager.controllers.history;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.ControllerRevisionBuilder;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ModelKind;
import io.mokube.controllermanager.controllers.ModelKind.Refused;
import io.mokube.controllermanager.controllers.ModelServer;
import io.mokube.controllermanager.controllers.history.History.Change;
import io.mokube.controllermanager.controllers.ownership.CanonicalJson;
import io.mokube.controllermanager.controllers.ownership.OwnWrites;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/** Revisions in a model of a cluster, kept as {@link RevisionHistory} keeps them; the decision is the real one. */
public final class Histories {

    private final ModelServer server;
    private final ModelKind<ControllerRevision> revisions;
    private final Function<Supplier<ControllerRevision>, ControllerRevision> answer;
    private final String hashLabel;
    private OwnWrites writes = new OwnWrites();

    /**
     * @param answer carries a write out and loses its answer sometimes
     */
    public Histories(
            ModelServer server,
            ModelKind<ControllerRevision> revisions,
            String hashLabel,
            Function<Supplier<ControllerRevision>, ControllerRevision> answer) {
        this.server = server;
        this.revisions = revisions;
        this.hashLabel = hashLabel;
        this.answer = answer;
    }

    public void restart() {
        writes = new OwnWrites();
        revisions.relist();
    }

    public boolean showsWritesOf(String ownerUid) {
        writes.settle(ownerUid, revisions::read);
        return writes.observed(ownerUid, revisions.cache::get, revisions.version());
    }

    public List<ControllerRevision> all() {
        return List.copyOf(revisions.cache.values());
    }

    /** The revision of the owner's template. */
    public ControllerRevision position(HasMetadata owner, PodTemplateSpec template) {
        return switch (History.change(revisions.cache.values(), template)) {
            case Change.None(ControllerRevision newest) -> newest;
            case Change.Renumber(ControllerRevision revision, long number) ->
                remembered(
                        owner,
                        revision,
                        () -> revisions.store(new ControllerRevisionBuilder(revisions.current(revision))
                                .withRevision(number)
                                .build()));
            case Change.Create(JsonNode data, long number) -> {
                String hash = CanonicalJson.hash(data, 0);
                ControllerRevision wanted = new ControllerRevisionBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName(owner.getMetadata().getName() + "-" + hash)
                        .withUid("uid-" + server.revision())
                        .withCreationTimestamp(Times.format(server.now()))
                        .addToLabels(hashLabel, hash)
                        .withOwnerReferences(Ownership.controllerReference(owner))
                        .endMetadata()
                        .withData(data)
                        .withRevision(number)
                        .build();
                yield revisions
                        .read(Ownership.key(wanted))
                        .map(there -> {
                            writes.stored(owner.getMetadata().getUid(), there);
                            return there;
                        })
                        .orElseGet(() -> remembered(owner, wanted, () -> {
                            if (revisions.read(Ownership.key(wanted)).isPresent()) {
                                throw new Refused();
                            }
                            return revisions.store(new ControllerRevisionBuilder(wanted).build());
                        }));
            }
        };
    }

    public void drop(List<ControllerRevision> surplus) {
        for (ControllerRevision revision : surplus) {
            Object _ = answer.apply(() -> {
                revisions.read(Ownership.key(revision)).ifPresent(there -> revisions.remove(Ownership.key(there)));
                return revision;
            });
        }
    }

    private ControllerRevision remembered(
            HasMetadata owner, ControllerRevision wanted, Supplier<ControllerRevision> write) {
        String uid = owner.getMetadata().getUid();
        try {
            ControllerRevision stored = answer.apply(write);
            writes.stored(uid, stored);
            return stored;
        } catch (ConnectionException e) {
            writes.failed(uid, Ownership.key(wanted), e);
            throw e;
        }
    }
}
