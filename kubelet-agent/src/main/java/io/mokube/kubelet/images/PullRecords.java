package io.mokube.kubelet.images;

import io.mokube.kubelet.checkpoint.CheckpointFile;
import io.mokube.kubelet.policy.PullVerification;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.ImageNames;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this agent has pulled and with which credentials, so that an image that took a secret is not given to pods without it
 * (Kubernetes' KubeletEnsureSecretPulledImages). The files are those of the kubelet: before a pull {@code pulling/} says which
 * image is meant, after it {@code pulled/} says what was right. They are whole at any time, also after a crash; a pull that an
 * agent did not live to see the end of counts as one with unknown credentials. Safe for use by many threads.
 */
public final class PullRecords {

    private static final Logger log = LoggerFactory.getLogger(PullRecords.class);

    private final Path pulling;
    private final Path pulled;
    private final PullVerification verification;
    private final Clock clock;

    /** An image that is being pulled. */
    private record Intent(String kind, String apiVersion, String image) {
        Intent(String image) {
            this("ImagePullIntent", "kubelet.config.k8s.io/v1beta1", image);
        }
    }

    /**
     * @param folder where the records are; made when something is pulled
     */
    public PullRecords(Path folder, PullVerification verification, Clock clock) {
        this.pulling = folder.resolve("pulling");
        this.pulled = folder.resolve("pulled");
        this.verification = verification;
        this.clock = clock;
    }

    /**
     * Notes that an image is about to be pulled.
     *
     * @throws UncheckedIOException when that can't be noted, so that it must not be pulled
     */
    public synchronized void intend(String image) {
        try {
            intent(image).write(new Intent(image));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "failed to record image pull intent for image \"" + image + "\": " + e.getMessage(), e);
        }
    }

    /** Notes that nothing came of a pull. */
    public synchronized void failed(String image) {
        delete(intent(image));
    }

    /**
     * Notes that an image was pulled.
     *
     * @param imageRef the runtime's own name of it
     * @param with the secret that was right; empty when it took none
     */
    public synchronized void pulled(String image, String imageRef, Optional<PullSecret> with) {
        Instant now = clock.instant();
        PulledImage before = read(imageRef).orElseGet(() -> PulledImage.of(imageRef, now));
        // Without the record the intent stays, so that the image still counts as pulled.
        if (write(before.pulled(ImageNames.repository(image), with, now))) {
            delete(intent(image));
        }
    }

    /**
     * Whether a pod may use an image that is there only after a pull with its own credentials.
     *
     * @param offered the pod's secrets with a login for the image's registry; asked for when it depends on them
     */
    public synchronized boolean mustPull(String image, String imageRef, Supplier<List<PullSecret>> offered) {
        boolean ours = record(imageRef).exists() || intent(image).exists();
        if (!verification.required(image, ours)) {
            return false;
        }
        Optional<PulledImage> known = read(imageRef);
        String repository = ImageNames.repository(image);
        if (known.isEmpty()) {
            return true;
        }
        if (known.get().isOpen(repository)) {
            return false;
        }
        Optional<PullSecret> right = known.get().opening(repository, offered.get());
        if (right.isPresent() && known.get().learns(repository)) {
            PulledImage next = known.get().pulled(repository, right, clock.instant());
            if (!next.equals(known.get())) {
                write(next);
            }
        }
        return right.isEmpty();
    }

    /**
     * Has images whose pull the last agent did not live to see the end of count as pulled, with credentials that nobody knows.
     *
     * @param present the runtime's image of a name
     */
    public synchronized void recover(Function<String, Optional<Image>> present) {
        for (CheckpointFile<Intent> file : files(pulling, Intent.class)) {
            Optional<Image> image = read(file).flatMap(intent -> present.apply(intent.image()));
            if (image.isPresent()
                    && (record(image.get().id()).exists()
                            || write(PulledImage.of(image.get().id(), clock.instant())))) {
                delete(file);
            }
        }
    }

    /** Forgets images that are gone, of which nothing was noted since a time. */
    public synchronized void forgetOthers(Set<String> present, Instant since) {
        for (CheckpointFile<PulledImage> file : files(pulled, PulledImage.class)) {
            read(file)
                    .filter(image -> image.lastUpdatedTime().isBefore(since) && !present.contains(image.imageRef()))
                    .ifPresent(gone -> delete(file));
        }
    }

    // ---- files

    private CheckpointFile<Intent> intent(String image) {
        return new CheckpointFile<>(pulling.resolve(name(image)), Intent.class);
    }

    private CheckpointFile<PulledImage> record(String imageRef) {
        return new CheckpointFile<>(pulled.resolve(name(imageRef)), PulledImage.class);
    }

    private static String name(String of) {
        return "sha256-" + Sha256.hex(of);
    }

    private static <T> List<CheckpointFile<T>> files(Path folder, Class<T> type) {
        try {
            return CheckpointFile.in(folder, type);
        } catch (IOException e) {
            unreadable(e);
            return List.of();
        }
    }

    private Optional<PulledImage> read(String imageRef) {
        return read(record(imageRef));
    }

    private static <T> Optional<T> read(CheckpointFile<T> file) {
        try {
            return file.read();
        } catch (IOException e) {
            unreadable(e);
            return Optional.empty();
        }
    }

    private static void unreadable(IOException why) {
        log.atWarn()
                .setMessage("a record of a pulled image can't be read")
                .addKeyValue("reason", why.getMessage())
                .log();
    }

    private boolean write(PulledImage image) {
        try {
            record(image.imageRef()).write(image);
            return true;
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("a pulled image was not recorded")
                    .addKeyValue("image", image.imageRef())
                    .addKeyValue("reason", e.getMessage())
                    .log();
            return false;
        }
    }

    private static void delete(CheckpointFile<?> file) {
        try {
            file.delete();
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("a record of a pulled image was not removed")
                    .addKeyValue("file", file.path())
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }
}
