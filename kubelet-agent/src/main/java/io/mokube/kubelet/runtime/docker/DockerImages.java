package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.command.PullImageCmd;
import com.github.dockerjava.api.model.AuthConfig;
import io.mokube.kubelet.runtime.ContainerRuntime.RegistryLogin;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.ImageNames;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.runtime.cri.PauseImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The engine's images, with the names that Kubernetes' other runtimes have for them. */
final class DockerImages {

    private static final Duration PULL_TIMEOUT = Duration.ofMinutes(30);

    private final DockerCalls docker;

    DockerImages(DockerCalls docker) {
        this.docker = docker;
    }

    List<Image> list() {
        return docker.call(client -> client.listImagesCmd().exec()).stream()
                .map(image -> image(
                        image.getId(), names(image.getRepoTags()), names(image.getRepoDigests()), image.getSize(), ""))
                .toList();
    }

    Optional<Image> find(String reference) {
        return docker.find(client -> client.inspectImageCmd(reference).exec()).map(DockerImages::image);
    }

    private static Image image(InspectImageResponse found) {
        String user = found.getConfig() == null ? null : found.getConfig().getUser();
        return image(
                found.getId(),
                names(found.getRepoTags()),
                names(found.getRepoDigests()),
                found.getSize(),
                user == null ? "" : user.replaceFirst(":.*", ""));
    }

    private static Image image(String id, List<String> tags, List<String> digests, @Nullable Long size, String user) {
        boolean number = user.matches("\\d{1,10}");
        return new Image(
                id,
                tags,
                digests,
                size == null ? 0 : size,
                number ? OptionalLong.of(Long.parseLong(user)) : OptionalLong.empty(),
                number ? "" : user);
    }

    private static List<String> names(String @Nullable [] names) {
        return names == null ? List.of() : names(List.of(names));
    }

    private static List<String> names(@Nullable List<String> names) {
        return names == null
                ? List.of()
                : names.stream()
                        // An image without a name has this one.
                        .filter(name -> !name.startsWith("<none>"))
                        .map(ImageNames::full)
                        .toList();
    }

    /**
     * Fetches the image and returns its id.
     *
     * @param login absent for the one that the user's Docker configuration has for the registry, if any
     */
    String pull(String reference, Optional<RegistryLogin> login) {
        ImageNames.Pull wanted = ImageNames.pull(reference);
        try {
            docker.call(PULL_TIMEOUT, client -> {
                PullImageCmd request = client.pullImageCmd(wanted.repository());
                if (!wanted.tag().isEmpty()) {
                    request.withTag(wanted.tag());
                }
                login.ifPresent(auth -> request.withAuthConfig(new AuthConfig()
                        .withUsername(auth.username())
                        .withPassword(auth.password())
                        .withRegistryAddress(auth.server())));
                try (PullProgress progress = request.exec(new PullProgress())) {
                    progress.await();
                    return progress;
                }
            });
        } catch (RuntimeCallException e) {
            throw new RuntimeCallException(e.kind(), "failed to pull image \"" + reference + "\": " + e.text(), e);
        }
        return find(reference)
                .map(Image::id)
                .orElseThrow(() -> new RuntimeCallException(
                        Kind.NOT_FOUND, "image \"" + reference + "\" is not there after its pull"));
    }

    /** Removes the image; one that is named by its id with all its names. */
    void remove(String reference) {
        List<String> names = new ArrayList<>();
        find(reference)
                .filter(image -> image.id().equals(reference))
                .ifPresent(image -> Stream.concat(image.tags().stream(), image.digests().stream())
                        .forEach(names::add));
        if (names.isEmpty()) {
            names.add(reference);
        }
        for (String name : names) {
            docker.settle(
                    DockerCalls.TIMEOUT, client -> client.removeImageCmd(name).exec());
        }
    }

    /** Loads an archive (docker save). */
    void load(Path archive) {
        docker.call(PULL_TIMEOUT, client -> {
            try (InputStream content = Files.newInputStream(archive)) {
                return client.loadImageCmd(content).exec();
            }
        });
    }

    /** Makes the pause container's image when it is not there. */
    void ensurePause() {
        if (find(PauseImage.NAME).isPresent()) {
            return;
        }
        try {
            Path archive = Files.createTempFile("pause", ".tar");
            try {
                PauseImage.write(archive);
                load(archive);
            } finally {
                Files.deleteIfExists(archive);
            }
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.FAILED, "can't make the pause image: " + e.getMessage(), e);
        }
    }
}
