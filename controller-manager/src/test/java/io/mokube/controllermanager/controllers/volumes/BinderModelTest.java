package io.mokube.controllermanager.controllers.volumes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Claims and volumes come and go while the binder works on caches that lag, loses answers and is restarted, in any order.
 * {@link ModelStorage} checks every write; at the end everything that can be bound is.
 */
class BinderModelTest {

    private static final int ACTIONS = 250;

    private Random random = new Random(0);
    private ModelStorage storage = new ModelStorage(random, 0);
    private int named;

    static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void noVolumeGetsTwoClaimsAndNoClaimTwoVolumes(long seed) {
        random = new Random(seed);
        storage = new ModelStorage(random, random.nextDouble() * 0.3);
        storage.classes.put("host", Storage.storageClass("host", HostPathVolumes.PROVISIONER, "Immediate"));
        storage.classes.put("late", Storage.storageClass("late", HostPathVolumes.PROVISIONER, "WaitForFirstConsumer"));
        storage.classes.put("outside", Storage.storageClass("outside", "example.com/disks", "Immediate"));
        for (int i = 0; i < ACTIONS; i++) {
            act();
        }
        settle();
        checkEnd();
    }

    private void act() {
        switch (random.nextInt(12)) {
            case 0 -> storage.claims.put(newClaim());
            case 1 -> storage.volumes.put(newVolume());
            case 2 -> pick(storage.claims.stored()).ifPresent(claim -> storage.claims.remove(Ownership.key(claim)));
            case 3 ->
                pick(storage.volumes.stored())
                        .filter(volume -> !Claims.phase(volume).equals("Bound")) // as the protection has it
                        .ifPresent(volume -> storage.volumes.remove(Ownership.key(volume)));
            case 4 -> {
                if (random.nextInt(4) == 0) {
                    storage.restart();
                }
            }
            case 5 -> {
                selectNode();
                provision();
            }
            case 6, 7 -> storage.claims.deliver();
            case 8, 9 -> storage.volumes.deliver();
            default ->
                pick(keys()).ifPresent(key -> {
                    storage.reconcile(key);
                    storage.reconcile(key); // as after a failure, when no cache has moved
                });
        }
    }

    private PersistentVolumeClaim newClaim() {
        // Few names, so that a claim meets what its namesakes left behind.
        String name = "c" + random.nextInt(6);
        Optional<PersistentVolumeClaim> namesake = storage.claims.stored(new ObjectKey("default", name));
        if (namesake.isPresent()) {
            return namesake.get();
        }
        PersistentVolumeClaimBuilder claim = new PersistentVolumeClaimBuilder(
                Storage.claim(name, "uid-" + ++named, 1 + random.nextInt(4), "ReadWriteOnce"));
        switch (random.nextInt(7)) {
            case 0 -> claim.editSpec().withStorageClassName("host").endSpec();
            case 1 -> claim.editSpec().withStorageClassName("late").endSpec();
            case 2 -> claim.editSpec().withStorageClassName("outside").endSpec();
            case 3 -> claim.editSpec().withVolumeName("v" + random.nextInt(6)).endSpec();
            default -> {}
        }
        return claim.build();
    }

    private PersistentVolume newVolume() {
        String name = "v" + random.nextInt(6);
        Optional<PersistentVolume> namesake = storage.volumes.stored(new ObjectKey("", name));
        if (namesake.isPresent()) {
            return namesake.get();
        }
        PersistentVolume volume = new PersistentVolumeBuilder(
                        Storage.volume(name, 1 + random.nextInt(5), "ReadWriteOnce"))
                .editSpec()
                .withPersistentVolumeReclaimPolicy(random.nextBoolean() ? "Retain" : "Delete")
                .endSpec()
                .build();
        return random.nextInt(4) == 0 ? Storage.reservedFor("c" + random.nextInt(6), "", volume) : volume;
    }

    private void selectNode() {
        pick(storage.claims.stored().stream()
                        .filter(claim -> Claims.className(claim).equals("late"))
                        .filter(claim -> !Claims.hasAnnotation(claim, Claims.SELECTED_NODE))
                        .toList())
                .ifPresent(claim -> storage.change(
                        Ownership.key(claim),
                        each -> new PersistentVolumeClaimBuilder(each)
                                .editMetadata()
                                .addToAnnotations(Claims.SELECTED_NODE, "n1")
                                .endMetadata()
                                .build()));
    }

    /** A provisioner outside makes a volume for a claim that the binder may not even know yet. */
    private void provision() {
        pick(storage.claims.stored().stream()
                        .filter(claim -> Claims.className(claim).equals("outside"))
                        .filter(claim -> Claims.volumeName(claim).isEmpty())
                        .toList())
                .ifPresent(claim -> {
                    String uid = claim.getMetadata().getUid();
                    PersistentVolume made = Storage.reservedFor(
                            claim.getMetadata().getName(), uid, Storage.volume("out-" + uid, 9, "ReadWriteOnce"));
                    if (storage.volumes.stored(Ownership.key(made)).isEmpty()) {
                        storage.volumes.put(new PersistentVolumeBuilder(made)
                                .editMetadata()
                                .addToAnnotations(Claims.PROVISIONED_BY, "example.com/disks")
                                .endMetadata()
                                .editSpec()
                                .withStorageClassName("outside")
                                .withPersistentVolumeReclaimPolicy("Delete")
                                .endSpec()
                                .build());
                    }
                });
    }

    private List<VolumeBinder.Key> keys() {
        return Stream.concat(
                        storage.claims.stored().stream()
                                .<VolumeBinder.Key>map(claim -> new VolumeBinder.Key.Claim(Ownership.key(claim))),
                        storage.volumes.stored().stream()
                                .map(volume -> new VolumeBinder.Key.Volume(
                                        volume.getMetadata().getName())))
                .toList();
    }

    private <T> Optional<T> pick(Collection<T> from) {
        List<T> list = List.copyOf(from);
        return list.isEmpty() ? Optional.empty() : Optional.of(list.get(random.nextInt(list.size())));
    }

    /** Lets the caches catch up and the binder work until two rounds change nothing. */
    private void settle() {
        storage.calm();
        int quiet = 0;
        for (int round = 0; quiet < 2; round++) {
            assertThat(round).as("rounds until everything rests").isLessThan(100);
            storage.claims.deliverAll();
            storage.volumes.deliverAll();
            boolean wrote = false;
            for (VolumeBinder.Key key : keys()) {
                wrote |= storage.reconcile(key);
            }
            quiet = wrote || storage.hasNews() ? 0 : quiet + 1;
        }
    }

    private void checkEnd() {
        for (PersistentVolumeClaim claim : storage.claims.stored()) {
            Optional<PersistentVolume> volume = storage.volumes.stored(new ObjectKey("", Claims.volumeName(claim)));
            switch (Claims.phase(claim)) {
                case "Bound" -> {
                    assertThat(volume).isPresent();
                    assertThat(Claims.phase(volume.get())).isEqualTo("Bound");
                    assertThat(volume.get().getSpec().getClaimRef().getUid())
                            .isEqualTo(claim.getMetadata().getUid());
                    assertThat(claim.getStatus().getCapacity())
                            .isEqualTo(volume.get().getSpec().getCapacity());
                }
                case "Pending" -> {
                    assertThat(Claims.hasAnnotation(claim, Claims.BIND_COMPLETED))
                            .isFalse();
                    if (Claims.volumeName(claim).isEmpty()) {
                        boolean late = Claims.className(claim).equals("late");
                        assertThat(Match.best(claim, storage.volumes.stored(), late))
                                .as("a volume for " + claim.getMetadata().getName())
                                .isEmpty();
                        assertThat(Claims.className(claim)).isNotEqualTo("host");
                        assertThat(late && Claims.hasAnnotation(claim, Claims.SELECTED_NODE))
                                .isFalse();
                    }
                }
                case "Lost" -> assertThat(claim.getSpec().getVolumeName()).isNotEmpty();
                default -> throw new AssertionError(Claims.phase(claim));
            }
        }
        for (PersistentVolume volume : storage.volumes.stored()) {
            String name = volume.getMetadata().getName();
            assertThat(Claims.phase(volume)).as(name).isEqualTo(expectedPhase(volume));
            assertThat(name.startsWith("pvc-") && !Claims.phase(volume).equals("Bound"))
                    .as("a folder that outlived its claim")
                    .isFalse();
        }
    }

    private String expectedPhase(PersistentVolume volume) {
        String uid = volume.getSpec().getClaimRef() == null
                ? ""
                : Claims.orEmpty(volume.getSpec().getClaimRef().getUid());
        if (uid.isEmpty()) {
            return "Available";
        }
        boolean isHeld = storage.claims.stored().stream()
                .anyMatch(claim -> claim.getMetadata().getUid().equals(uid)
                        && Claims.volumeName(claim).equals(volume.getMetadata().getName()));
        boolean isOthersToRemove = Claims.hasAnnotation(volume, Claims.PROVISIONED_BY)
                || volume.getSpec().getPersistentVolumeReclaimPolicy().equals("Retain");
        return isHeld ? "Bound" : isOthersToRemove ? "Released" : "Failed";
    }
}
