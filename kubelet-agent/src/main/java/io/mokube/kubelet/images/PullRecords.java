package io.mokube.kubelet.images;

import io.mokube.kubelet.policy.PullVerification;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.ImageNames;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * What this agent has pulled and with which credentials, so that an image that took a secret is not given to pods without it
 * (Kubernetes' KubeletEnsureSecretPulledImages). The files are those of the kubelet: before a pull {@code pulling/} says which
 * image is meant, after it {@code pulled/} says what was right. They are whole at any time, also after a crash; a pull that an
 * agent did not live to see the end of counts as one with unknown credentials. Safe for use by many threads.
 */
public final class PullRecords {

    private static final Logger log = LoggerFactory.getLogger(PullRecords.class);
    private static final String PART = ".part";

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
            write(intent(image), new Intent(image));
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
        Path file = record(imageRef);
        boolean ours = Files.exists(file) || Files.exists(intent(image));
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
        for (Path file : files(pulling)) {
            try {
                Intent intent = Json.MAPPER.readValue(Files.readAllBytes(file), Intent.class);
                Optional<Image> image = present.apply(intent.image());
                if (image.isPresent()
                        && (Files.exists(record(image.get().id()))
                                || write(PulledImage.of(image.get().id(), clock.instant())))) {
                    delete(file);
                }
            } catch (IOException | JacksonException e) {
                unreadable(file, e);
            }
        }
    }

    /** Forgets images that are gone, of which nothing was noted since a time. */
    public synchronized void forgetOthers(Set<String> present, Instant since) {
        for (Path file : files(pulled)) {
            read(file)
                    .filter(image -> image.lastUpdatedTime().isBefore(since) && !present.contains(image.imageRef()))
                    .ifPresent(gone -> delete(file));
        }
    }

    // ---- files

    private Path intent(String image) {
        return pulling.resolve(name(image));
    }

    private Path record(String imageRef) {
        return pulled.resolve(name(imageRef));
    }

    private static String name(String of) {
        return "sha256-" + Sha256.hex(of);
    }

    private static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(folder)) {
            all.filter(file -> !file.toString().endsWith(PART)).forEach(files::add);
        } catch (IOException e) {
            unreadable(folder, e);
        }
        return files;
    }

    private Optional<PulledImage> read(String imageRef) {
        return read(record(imageRef));
    }

    private static Optional<PulledImage> read(Path file) {
        try {
            return Files.exists(file)
                    ? Optional.of(Json.MAPPER.readValue(Files.readAllBytes(file), PulledImage.class))
                    : Optional.empty();
        } catch (IOException | JacksonException e) {
            unreadable(file, e);
            return Optional.empty();
        }
    }

    private static void unreadable(Path file, Exception why) {
        log.atWarn()
                .setMessage("a record of a pulled image can't be read")
                .addKeyValue("file", file)
                .addKeyValue("reason", why.getMessage())
                .log();
    }

    private boolean write(PulledImage image) {
        try {
            write(record(image.imageRef()), image);
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

    /** The file is the old one or the new one, whole, also when the machine crashes. */
    private static void write(Path file, Object content) throws IOException {
        Path folder = Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Path part = file.resolveSibling(file.getFileName() + PART);
        try (FileChannel channel = FileChannel.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(Json.MAPPER.writeValueAsBytes(content));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
            names.force(true);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("a record of a pulled image was not removed")
                    .addKeyValue("file", file)
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }
}
