package io.mokube.controllermanager.controllers.volumes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mokube.client.rest.ConnectionException;
import io.mokube.controllermanager.controllers.ownership.Newest;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A server with claims and volumes, caches that lag behind it, and the binder's decisions carried out against both. Checks
 * after every write that no volume has two claims, no claim two volumes, and no volume is given up while its claim lives.
 */
final class ModelStorage implements StorageView {

    static final HostPathVolumes HOST_PATHS = new HostPathVolumes(Path.of("/volumes"));

    final Kind<PersistentVolume> volumes = new Kind<>((object, version) -> new PersistentVolumeBuilder(object)
            .editMetadata()
            .withResourceVersion(version)
            .endMetadata()
            .build());
    final Kind<PersistentVolumeClaim> claims = new Kind<>((object, version) -> new PersistentVolumeClaimBuilder(object)
            .editMetadata()
            .withResourceVersion(version)
            .endMetadata()
            .build());
    final Map<String, StorageClass> classes = new TreeMap<>();
    final List<Step.Note> told = new ArrayList<>();
    private final RandomGenerator random;
    private double faults;
    private final ClaimDecision claimDecision = new ClaimDecision(this, Optional.of(HOST_PATHS));
    private final VolumeDecision volumeDecision = new VolumeDecision(this, Optional.of(HOST_PATHS));
    private long revision;

    /** @param faults how likely it is that a write gets no answer */
    ModelStorage(RandomGenerator random, double faults) {
        this.random = random;
        this.faults = faults;
    }

    private interface Versioning<T> {
        T with(T object, String version);
    }

    private record Change<T>(ObjectKey key, @Nullable T now, long revision) {}

    /** The objects of one kind, on the server and in the cache. */
    final class Kind<T extends HasMetadata> implements Newest.Cache<T> {
        private final Versioning<T> versioning;
        private final Map<ObjectKey, T> server = new TreeMap<>(Comparator.comparing(ObjectKey::toString));
        private final Map<ObjectKey, T> cache = new TreeMap<>(Comparator.comparing(ObjectKey::toString));
        private final List<Change<T>> coming = new ArrayList<>();
        private long version;
        private Newest<T> newest = new Newest<>(this);

        Kind(Versioning<T> versioning) {
            this.versioning = versioning;
        }

        Collection<T> stored() {
            return List.copyOf(server.values());
        }

        Optional<T> stored(ObjectKey key) {
            return Optional.ofNullable(server.get(key));
        }

        T put(T object) {
            T written = versioning.with(object, Long.toString(++revision));
            server.put(Ownership.key(written), written);
            coming.add(new Change<>(Ownership.key(written), written, revision));
            check();
            return written;
        }

        void remove(ObjectKey key) {
            server.remove(key);
            coming.add(new Change<>(key, null, ++revision));
        }

        /** Shows the cache its next change. */
        void deliver() {
            if (!coming.isEmpty()) {
                Change<T> change = coming.removeFirst();
                if (change.now() == null) {
                    cache.remove(change.key());
                } else {
                    cache.put(change.key(), change.now());
                }
                version = change.revision();
            }
        }

        void deliverAll() {
            while (!coming.isEmpty()) {
                deliver();
            }
        }

        /** The binder was killed; its next life begins with a list. */
        void restart() {
            deliverAll();
            newest = new Newest<>(this);
        }

        /** A write by the binder: refused at an old version, and sometimes carried out without an answer, or not at all. */
        boolean write(T object) {
            ObjectKey key = Ownership.key(object);
            boolean lost = random.nextDouble() < faults;
            boolean dropped = lost && random.nextBoolean();
            T present = server.get(key);
            if (!dropped) {
                boolean isCurrent = present == null
                        ? object.getMetadata().getResourceVersion() == null
                        : present.getMetadata()
                                .getResourceVersion()
                                .equals(object.getMetadata().getResourceVersion());
                if (!isCurrent) {
                    return false;
                }
                T answer = put(object);
                if (!lost) {
                    newest.wrote(answer);
                    return true;
                }
            }
            newest.failed(key, new ConnectionException("no answer", new IOException("cut")));
            return false;
        }

        @Override
        public Optional<T> get(ObjectKey key) {
            return Optional.ofNullable(cache.get(key));
        }

        @Override
        public List<T> list() {
            return List.copyOf(cache.values());
        }

        @Override
        public long version() {
            return version;
        }
    }

    /** From now on every write is answered. */
    void calm() {
        faults = 0;
    }

    /** Whether the caches have something to learn yet. */
    boolean hasNews() {
        return !volumes.coming.isEmpty() || !claims.coming.isEmpty();
    }

    void restart() {
        volumes.restart();
        claims.restart();
    }

    /** Works on one key as the binder does; returns whether something was written. */
    boolean reconcile(VolumeBinder.Key key) {
        volumes.newest.settle(volumes::stored);
        claims.newest.settle(claims::stored);
        boolean wrote = false;
        for (int steps = 0; steps < 20; steps++) {
            Optional<Step> next =
                    switch (key) {
                        case VolumeBinder.Key.Claim(ObjectKey name) ->
                            claims.newest.get(name).map(claimDecision::next);
                        case VolumeBinder.Key.Volume(String name) ->
                            volume(name).map(volumeDecision::next);
                    };
            boolean goesOn = next.isPresent() && take(next.get());
            if (!goesOn) {
                return wrote;
            }
            wrote = true;
            told.addAll(next.get().notes());
        }
        throw new AssertionError(key + " never comes to rest");
    }

    private boolean take(Step step) {
        return switch (step) {
            case Step.Done done -> {
                told.addAll(done.notes());
                yield false;
            }
            case Step.WriteVolume(PersistentVolume volume) -> {
                checkGivenUp(volume);
                yield volumes.write(volume);
            }
            case Step.WriteVolumeStatus(PersistentVolume volume, List<Step.Note> notes) -> {
                checkGivenUp(volume);
                yield volumes.write(volume);
            }
            case Step.WriteClaim(PersistentVolumeClaim claim) -> claims.write(claim);
            case Step.WriteClaimStatus(PersistentVolumeClaim claim, List<Step.Note> notes) -> claims.write(claim);
            case Step.CreateVolume(PersistentVolume volume, List<Step.Note> notes) -> {
                ObjectKey key = Ownership.key(volume);
                volumes.stored(key).ifPresent(volumes.newest::wrote);
                yield volumes.stored(key).isPresent() || volumes.write(volume);
            }
            case Step.RemoveFolder(PersistentVolume volume) -> {
                assertThat(owner(volume))
                        .as("the claim of a volume that is removed")
                        .isEmpty();
                volumes.stored(Ownership.key(volume)).ifPresent(there -> volumes.remove(Ownership.key(there)));
                yield false;
            }
            case Step.LookAtClaim look -> false;
        };
    }

    /** The living claim that this volume is for, unless that has got another one. */
    private Optional<PersistentVolumeClaim> owner(PersistentVolume volume) {
        return claims.stored().stream()
                .filter(claim -> volume.getSpec().getClaimRef() != null
                        && claim.getMetadata()
                                .getUid()
                                .equals(volume.getSpec().getClaimRef().getUid()))
                .filter(claim -> Claims.volumeName(claim).isEmpty()
                        || Claims.volumeName(claim).equals(volume.getMetadata().getName()))
                .findFirst();
    }

    private void checkGivenUp(PersistentVolume changed) {
        boolean isGivenUp =
                Claims.phase(changed).equals("Released") || changed.getSpec().getClaimRef() == null;
        Optional<PersistentVolume> present = volumes.stored(Ownership.key(changed));
        boolean isCurrent = present.isPresent()
                && present.get()
                        .getMetadata()
                        .getResourceVersion()
                        .equals(changed.getMetadata().getResourceVersion());
        if (isGivenUp && isCurrent) {
            assertThat(owner(changed))
                    .as("the claim of a volume that is given up")
                    .isEmpty();
        }
    }

    private void check() {
        List<String> bound = claims.stored().stream()
                .filter(claim -> Claims.hasAnnotation(claim, Claims.BIND_COMPLETED))
                .filter(claim -> !Claims.phase(claim).equals("Lost"))
                .map(Claims::volumeName)
                .toList();
        assertThat(bound).as("volumes of bound claims").doesNotHaveDuplicates();
        List<String> claimants = volumes.stored().stream()
                .filter(volume -> volume.getSpec().getClaimRef() != null)
                // A provisioner outside doesn't know what was chosen meanwhile.
                .filter(volume -> !"example.com/disks"
                        .equals(Ownership.annotations(volume).get(Claims.PROVISIONED_BY)))
                .map(volume -> Claims.orEmpty(volume.getSpec().getClaimRef().getUid()))
                .filter(uid -> !uid.isEmpty())
                .toList();
        assertThat(claimants).as("claims of taken volumes").doesNotHaveDuplicates();
    }

    void change(ObjectKey claim, UnaryOperator<PersistentVolumeClaim> change) {
        claims.put(change.apply(claims.stored(claim).orElseThrow()));
    }

    // As the decisions see it.

    @Override
    public Optional<PersistentVolume> volume(String name) {
        return volumes.newest.get(new ObjectKey("", name));
    }

    @Override
    public Collection<PersistentVolume> volumes() {
        return volumes.newest.list();
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(ObjectKey key) {
        return claims.newest.get(key);
    }

    @Override
    public Optional<PersistentVolumeClaim> claimOnServer(ObjectKey key) {
        return claims.stored(key);
    }

    @Override
    public Optional<StorageClass> storageClass(String name) {
        return Optional.ofNullable(classes.get(name));
    }

    @Override
    public Optional<StorageClass> defaultClass() {
        return Optional.ofNullable(classes.get("default"));
    }

    @Override
    public List<String> unscheduledPods(PersistentVolumeClaim claim) {
        return claim.getMetadata().getName().startsWith("pod") ? List.of("p1", "p2") : List.of();
    }
}
