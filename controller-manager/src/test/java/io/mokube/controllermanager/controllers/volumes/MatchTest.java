package io.mokube.controllermanager.controllers.volumes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Volumes times claims. */
class MatchTest {

    private static final List<PersistentVolume> VOLUMES = List.of(
            Storage.volume("small", 1, "ReadWriteOnce"),
            Storage.volume("middle", 5, "ReadWriteOnce"),
            Storage.volume("large", 10, "ReadWriteOnce"),
            Storage.volume("shared", 2, "ReadWriteOnce", "ReadWriteMany"),
            withClass("fast", Storage.volume("quick", 3, "ReadWriteOnce")),
            withMode("Block", Storage.volume("raw", 4, "ReadWriteOnce")),
            withLabel("red", Storage.volume("red", 20, "ReadWriteOnce")),
            withPhase("Released", Storage.volume("used", 2, "ReadWriteOnce")),
            deleting(Storage.volume("going", 2, "ReadWriteOnce")),
            withAttributes("gold", Storage.volume("golden", 2, "ReadWriteOnce")),
            Storage.reservedFor("other", "", Storage.volume("others", 2, "ReadWriteOnce")),
            Storage.reservedFor("reserved", "", withClass("fast", Storage.volume("mine", 7, "ReadWriteOnce"))),
            Storage.reservedFor("remade", "older", Storage.volume("older", 7, "ReadWriteOnce")));

    @ParameterizedTest
    @CsvSource({
        // claim, Gi, modes, class, mode, label, attributes, volume at once, volume when the scheduler chooses
        "a, 1, ReadWriteOnce, '', Filesystem, '', '', small, ''",
        "a, 2, ReadWriteOnce, '', Filesystem, '', '', middle, ''",
        "a, 5, ReadWriteOnce, '', Filesystem, '', '', middle, ''",
        "a, 6, ReadWriteOnce, '', Filesystem, '', '', large, ''",
        "a, 11, ReadWriteOnce, '', Filesystem, '', '', red, ''",
        "a, 21, ReadWriteOnce, '', Filesystem, '', '', '', ''",
        "a, 1, ReadWriteMany, '', Filesystem, '', '', shared, ''",
        "a, 1, ReadWriteOnce ReadWriteMany, '', Filesystem, '', '', shared, ''",
        "a, 3, ReadWriteMany, '', Filesystem, '', '', '', ''",
        "a, 1, ReadOnlyMany, '', Filesystem, '', '', '', ''",
        "a, 1, ReadWriteOnce, fast, Filesystem, '', '', quick, ''",
        "a, 4, ReadWriteOnce, fast, Filesystem, '', '', '', ''",
        "a, 1, ReadWriteOnce, slow, Filesystem, '', '', '', ''",
        "a, 1, ReadWriteOnce, '', Block, '', '', raw, ''",
        "a, 5, ReadWriteOnce, '', Block, '', '', '', ''",
        "a, 1, ReadWriteOnce, '', Filesystem, red, '', red, ''",
        "a, 1, ReadWriteOnce, '', Filesystem, blue, '', '', ''",
        "a, 1, ReadWriteOnce, '', Filesystem, '', gold, golden, ''",
        "a, 1, ReadWriteOnce, '', Filesystem, '', silver, '', ''",
        "other, 1, ReadWriteOnce, '', Filesystem, '', '', others, others",
        "other, 3, ReadWriteOnce, '', Filesystem, '', '', middle, ''",
        "other, 1, ReadWriteMany, '', Filesystem, '', '', shared, ''",
        "reserved, 1, ReadWriteOnce, '', Filesystem, '', '', mine, mine",
        "reserved, 8, ReadWriteOnce, '', Filesystem, '', '', large, ''",
        "remade, 7, ReadWriteOnce, '', Filesystem, '', '', large, ''",
    })
    void theVolumeThatGivesAwayLeast(
            String name,
            int gigabytes,
            String modes,
            String storageClass,
            String mode,
            String label,
            String attributes,
            String atOnce,
            String delayed) {
        PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder(
                        Storage.claim(name, "uid-" + name, gigabytes, modes.split(" ")))
                .editSpec()
                .withStorageClassName(storageClass)
                .withVolumeMode(mode)
                .withVolumeAttributesClassName(attributes.isEmpty() ? null : attributes)
                .withSelector(
                        label.isEmpty()
                                ? null
                                : new LabelSelectorBuilder()
                                        .addToMatchLabels("disk", label)
                                        .build())
                .endSpec()
                .build();
        List<PersistentVolume> turned = new ArrayList<>(VOLUMES);
        for (int turn = 0; turn < turned.size(); turn++) {
            Collections.rotate(turned, 1);
            assertThat(nameOf(claim, turned, false)).isEqualTo(atOnce);
            assertThat(nameOf(claim, turned, true)).isEqualTo(delayed);
        }
    }

    private static String nameOf(PersistentVolumeClaim claim, List<PersistentVolume> volumes, boolean delayed) {
        return Match.best(claim, volumes, delayed)
                .map(volume -> volume.getMetadata().getName())
                .orElse("");
    }

    @ParameterizedTest
    @CsvSource({
        "small, 1, ''",
        "small, 2, requested PV is too small",
        "quick, 1, storageClassName does not match",
        "raw, 1, incompatible volumeMode",
        "golden, 1, volumeAttributesClassName does not match",
        "going, 1, the volume is marked for deletion \"going\"",
    })
    void whyAVolumeThatWasAskedForDoesNotFit(String volume, int gigabytes, String reason) {
        PersistentVolume named = VOLUMES.stream()
                .filter(each -> each.getMetadata().getName().equals(volume))
                .findFirst()
                .orElseThrow();
        assertThat(Match.mismatch(named, Storage.claim("a", "u", gigabytes, "ReadWriteOnce"))
                        .orElse(""))
                .isEqualTo(reason);
        assertThat(Match.mismatch(Storage.volume("v", 9, "ReadWriteOnce"), Storage.claim("a", "u", 1, "ReadWriteMany")))
                .contains("incompatible accessMode");
    }

    private static PersistentVolume withClass(String name, PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editSpec()
                .withStorageClassName(name)
                .endSpec()
                .build();
    }

    private static PersistentVolume withMode(String mode, PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editSpec()
                .withVolumeMode(mode)
                .endSpec()
                .build();
    }

    private static PersistentVolume withLabel(String color, PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editMetadata()
                .addToLabels("disk", color)
                .endMetadata()
                .build();
    }

    private static PersistentVolume withPhase(String phase, PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editStatus()
                .withPhase(phase)
                .endStatus()
                .build();
    }

    private static PersistentVolume deleting(PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();
    }

    private static PersistentVolume withAttributes(String name, PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editSpec()
                .withVolumeAttributesClassName(name)
                .endSpec()
                .build();
    }
}
