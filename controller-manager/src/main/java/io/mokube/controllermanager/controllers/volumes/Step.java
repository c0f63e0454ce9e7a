package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.util.List;

/**
 * The next thing to do for a claim or a volume: at most one write, made only at the version that was looked at. When it is
 * done, one looks again.
 *
 * <p>A binding is four such steps: the volume names the claim, the volume is Bound, the claim names the volume, the claim is
 * Bound. Wherever it is broken off, the first of them says for whom the volume is.
 */
sealed interface Step {

    /** What is told once the step is done. */
    List<Note> notes();

    /** Nothing to write. */
    record Done(List<Note> notes, boolean waits) implements Step {}

    record WriteVolume(PersistentVolume volume) implements Step {
        @Override
        public List<Note> notes() {
            return List.of();
        }
    }

    record WriteVolumeStatus(PersistentVolume volume, List<Note> notes) implements Step {}

    record WriteClaim(PersistentVolumeClaim claim) implements Step {
        @Override
        public List<Note> notes() {
            return List.of();
        }
    }

    record WriteClaimStatus(PersistentVolumeClaim claim, List<Note> notes) implements Step {}

    /** A volume on the host is made for a claim. */
    record CreateVolume(PersistentVolume volume, List<Note> notes) implements Step {}

    /** A released volume's folder on the host is removed, and then the volume. */
    record RemoveFolder(PersistentVolume volume) implements Step {
        @Override
        public List<Note> notes() {
            return List.of();
        }
    }

    /** The claim's key is looked at next. */
    record LookAtClaim(PersistentVolumeClaim claim) implements Step {
        @Override
        public List<Note> notes() {
            return List.of();
        }
    }

    /** An event about a claim or a volume. */
    record Note(HasMetadata about, boolean warning, String reason, String message) {
        static Note normal(HasMetadata about, String reason, String message) {
            return new Note(about, false, reason, message);
        }

        static Note warning(HasMetadata about, String reason, String message) {
            return new Note(about, true, reason, message);
        }
    }

    /** Nothing to do until something changes. */
    static Step done() {
        return new Done(List.of(), false);
    }

    /** Nothing to do, and that is told again after a while. */
    static Step waits(Note note) {
        return new Done(List.of(note), true);
    }
}
