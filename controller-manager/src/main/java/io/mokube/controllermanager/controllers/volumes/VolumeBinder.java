package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Store;
import io.mokube.client.queue.WorkQueue;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.ReconcileLoop;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.Controller;
import io.mokube.controllermanager.controllers.ControllerContext;
import io.mokube.controllermanager.controllers.ownership.Newest;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.controllermanager.controllers.volumes.VolumeBinder.Key;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Binds claims to volumes, and reclaims the volumes of claims that are gone.
 *
 * <p>One worker does one step at a time, each written only at the version it was decided on, and decides on the caches with
 * its own writes laid over them. So however the caches lag, no volume gets two claims and no claim two volumes.
 */
public final class VolumeBinder implements Reconciler<Key> {

    private static final String NAME = "persistentvolume-binder-controller";

    /** How often a claim that waits is looked at and its event repeated: Kubernetes' period. */
    private static final Duration PERIOD = Duration.ofSeconds(15);

    private static final Duration AFTER_CONFLICT = Duration.ofSeconds(1);

    /** More than any object needs; ends a quarrel with somebody who undoes every step. */
    private static final int MOST_STEPS = 20;

    private static final String UNBOUND = "unbound";
    private static final String BY_VOLUME = "volume";
    private static final String BY_CLAIM = "claim";
    private static final String DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

    private final Newest<PersistentVolume> volumes;
    private final Newest<PersistentVolumeClaim> claims;
    private final ResourceClient<PersistentVolume> volumeClient;
    private final ResourceClient<PersistentVolumeClaim> claimClient;
    private final EventRecorder events;
    private final Clock clock;
    private final ClaimDecision claimDecision;
    private final VolumeDecision volumeDecision;
    private final Optional<HostPathVolumes> hostPaths;
    private @Nullable WorkQueue<Key> queue;

    /** What is looked at: a claim or a volume. */
    sealed interface Key {
        record Claim(ObjectKey key) implements Key {}

        record Volume(String name) implements Key {}
    }

    private VolumeBinder(
            Informer<PersistentVolume> volumes,
            Informer<PersistentVolumeClaim> claims,
            Store<StorageClass> classes,
            Store<Pod> pods,
            ControllerContext context) {
        this.volumes = new Newest<>(Newest.Cache.of(volumes));
        this.claims = new Newest<>(Newest.Cache.of(claims));
        this.volumeClient = context.client().resource(PersistentVolume.class);
        this.claimClient = context.client().resource(PersistentVolumeClaim.class);
        this.events = context.recorders().apply("persistentvolume-controller");
        this.clock = context.platform().clock();
        this.hostPaths = context.config().hostPathVolumes().map(HostPathVolumes::new);
        StorageView view = new View(classes, pods);
        this.claimDecision = new ClaimDecision(view, hostPaths);
        this.volumeDecision = new VolumeDecision(view, hostPaths);
    }

    public static Controller create(ControllerContext context) {
        Informer<PersistentVolume> volumes = context.informers().informer(PersistentVolume.class);
        Informer<PersistentVolumeClaim> claims = context.informers().informer(PersistentVolumeClaim.class);
        Informer<StorageClass> classes = context.informers().informer(StorageClass.class);
        Informer<Pod> pods = context.informers().informer(Pod.class);
        PodVolumes.index(pods);
        claims.addIndex(
                UNBOUND,
                claim -> Claims.hasAnnotation(claim, Claims.BIND_COMPLETED)
                        ? List.of()
                        : List.of(Claims.className(claim)));
        claims.addIndex(
                BY_VOLUME, claim -> Claims.volumeName(claim).isEmpty() ? List.of() : List.of(Claims.volumeName(claim)));
        volumes.addIndex(
                BY_CLAIM,
                volume ->
                        Claims.claimOf(volume).stream().map(ObjectKey::toString).toList());
        VolumeBinder binder = new VolumeBinder(volumes, claims, classes.store(), pods.store(), context);
        ReconcileLoop<Key> loop = new ReconcileLoop<>(NAME, 1, binder, context.platform());
        WorkQueue<Key> queue = loop.queue();
        binder.queue = queue;
        volumes.addHandler(Handler.each(volume -> {
            queue.add(new Key.Volume(volume.getMetadata().getName()));
            Claims.claimOf(volume).ifPresent(claim -> queue.add(new Key.Claim(claim)));
            addClaims(claims.store().byIndex(BY_VOLUME, volume.getMetadata().getName()), queue);
            if (Claims.phase(volume).equals("Available")) {
                addClaims(claims.store().byIndex(UNBOUND, Claims.className(volume)), queue);
            }
        }));
        claims.addHandler(Handler.each(claim -> {
            queue.add(new Key.Claim(Ownership.key(claim)));
            volumes.store()
                    .byIndex(BY_CLAIM, Ownership.key(claim).toString())
                    .forEach(volume ->
                            queue.add(new Key.Volume(volume.getMetadata().getName())));
        }));
        classes.addHandler(Handler.each(storageClass -> {
            addClaims(claims.store().byIndex(UNBOUND, storageClass.getMetadata().getName()), queue);
            addClaims(claims.store().byIndex(UNBOUND, ""), queue);
        }));
        return Controller.of(NAME, List.of(volumes, claims, classes, pods), loop);
    }

    private static void addClaims(Collection<PersistentVolumeClaim> claims, WorkQueue<Key> queue) {
        claims.forEach(claim -> queue.add(new Key.Claim(Ownership.key(claim))));
    }

    @Override
    public Outcome reconcile(Key key) {
        volumes.settle(volumeClient::get);
        claims.settle(claimClient::get);
        for (int steps = 0; steps < MOST_STEPS; steps++) {
            Optional<Step> next =
                    switch (key) {
                        case Key.Claim(ObjectKey name) -> claims.get(name).map(claimDecision::next);
                        case Key.Volume(String name) ->
                            volumes.get(new ObjectKey("", name)).map(volumeDecision::next);
                    };
            if (next.isEmpty()) {
                return Outcome.done();
            }
            if (next.get() instanceof Step.Done(List<Step.Note> notes, boolean waits)) {
                tell(notes);
                return waits ? Outcome.again(PERIOD) : Outcome.done();
            }
            try {
                if (!take(next.get())) {
                    return Outcome.done();
                }
                tell(next.get().notes());
            } catch (ApiException e) {
                if (e.isConflict() || e.isNotFound()) { // somebody else was faster
                    return Outcome.again(AFTER_CONFLICT);
                }
                throw e;
            }
        }
        return Outcome.again(AFTER_CONFLICT);
    }

    /** Does a step; returns whether there may be another one. */
    private boolean take(Step step) {
        switch (step) {
            case Step.Done done -> {
                return false;
            }
            case Step.WriteVolume(PersistentVolume volume) -> volumes.write(volume, () -> volumeClient.update(volume));
            case Step.WriteVolumeStatus(PersistentVolume volume, List<Step.Note> notes) -> {
                PersistentVolume dated = new PersistentVolumeBuilder(volume)
                        .editOrNewStatus()
                        .withLastPhaseTransitionTime(Times.format(clock.instant()))
                        .endStatus()
                        .build();
                volumes.write(volume, () -> volumeClient.updateStatus(dated));
            }
            case Step.WriteClaim(PersistentVolumeClaim claim) -> claims.write(claim, () -> claimClient.update(claim));
            case Step.WriteClaimStatus(PersistentVolumeClaim claim, List<Step.Note> notes) ->
                claims.write(claim, () -> claimClient.updateStatus(claim));
            case Step.CreateVolume(PersistentVolume volume, List<Step.Note> notes) -> create(volume);
            case Step.RemoveFolder(PersistentVolume volume) -> {
                return removeFolder(volume);
            }
            case Step.LookAtClaim(PersistentVolumeClaim claim) -> {
                if (queue != null) {
                    queue.add(new Key.Claim(Ownership.key(claim)));
                }
                return false;
            }
        }
        return true;
    }

    private void create(PersistentVolume volume) {
        try {
            volumes.write(volume, () -> volumeClient.create(volume));
        } catch (ApiException e) {
            if (!e.isAlreadyExists()) { // an answer that was lost, in another life
                throw e;
            }
            volumeClient.get(Ownership.key(volume)).ifPresent(volumes::wrote);
        }
    }

    private boolean removeFolder(PersistentVolume volume) {
        try {
            hostPaths.ifPresent(each -> each.remove(volume));
        } catch (UncheckedIOException e) {
            Step failed = VolumeDecision.fail(volume, "VolumeFailedDelete", String.valueOf(e.getMessage()));
            if (take(failed)) {
                tell(failed.notes());
            }
            if (queue != null) {
                queue.addAfter(new Key.Volume(volume.getMetadata().getName()), PERIOD);
            }
            return false;
        }
        if (!Ownership.isBeingDeleted(volume)) {
            volumeClient.delete(
                    Ownership.key(volume),
                    DeleteOptions.DEFAULT.withUid(volume.getMetadata().getUid()));
        } else if (volume.getMetadata().getFinalizers().contains(HostPathVolumes.FINALIZER)) {
            PersistentVolume free = VolumeDecision.withoutFinalizer(volume);
            volumes.write(free, () -> volumeClient.update(free));
        }
        return false; // the deletion brings the key back
    }

    private void tell(List<Step.Note> notes) {
        for (Step.Note note : notes) {
            if (note.warning()) {
                events.warning(note.about(), note.reason(), note.message());
            } else {
                events.normal(note.about(), note.reason(), note.message());
            }
        }
    }

    /** The informers, with what the binder wrote laid over them. */
    private final class View implements StorageView {
        private final Store<StorageClass> classes;
        private final Store<Pod> pods;

        View(Store<StorageClass> classes, Store<Pod> pods) {
            this.classes = classes;
            this.pods = pods;
        }

        @Override
        public Optional<PersistentVolume> volume(String name) {
            return volumes.get(new ObjectKey("", name));
        }

        @Override
        public Collection<PersistentVolume> volumes() {
            return volumes.list();
        }

        @Override
        public Optional<PersistentVolumeClaim> claim(ObjectKey key) {
            return claims.get(key);
        }

        @Override
        public Optional<PersistentVolumeClaim> claimOnServer(ObjectKey key) {
            return claimClient.get(key);
        }

        @Override
        public Optional<StorageClass> storageClass(String name) {
            return classes.get(new ObjectKey("", name));
        }

        /** The newest of the classes that are marked as default. */
        @Override
        public Optional<StorageClass> defaultClass() {
            return classes.list().stream()
                    .filter(each -> "true".equals(Ownership.annotations(each).get(DEFAULT_CLASS)))
                    .min(Comparator.<StorageClass, String>comparing(
                                    each -> each.getMetadata().getCreationTimestamp())
                            .reversed()
                            .thenComparing(each -> each.getMetadata().getName()));
        }

        @Override
        public List<String> unscheduledPods(PersistentVolumeClaim claim) {
            return PodVolumes.users(pods, Ownership.key(claim)).stream()
                    .filter(pod -> Claims.orEmpty(pod.getSpec().getNodeName()).isEmpty())
                    .map(pod -> pod.getMetadata().getName())
                    .sorted()
                    .toList();
        }
    }
}
