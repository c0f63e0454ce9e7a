package io.mokube.kubelet.volume;

import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ImageVolumes;
import io.mokube.kubelet.runtime.ImageVolumes.ByAgent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Images mounted as volumes of pods, for runtimes that don't mount them themselves: at
 * {@code pods/UID/volumes/kubernetes.io~image/VOLUME/IMAGE}, read-only and without a right to run what is in them.
 *
 * <p>The folder is made before the runtime is asked to keep the image, and goes after it was told to let go: so it tells what
 * to take back, whenever the agent ends.
 */
final class ImageMounts {

    private final Path pods;
    private final ContainerRuntime runtime;

    ImageMounts(Path pods, ContainerRuntime runtime) {
        this.pods = pods.toAbsolutePath();
        this.runtime = runtime;
    }

    /**
     * Mounts the image unless it is mounted already. A volume whose name leads to another image later has both mounted, each
     * for the containers that were started with it.
     *
     * @param image the id of an image that is present
     * @return where it is
     */
    Path mount(String uid, String volume, String image, ByAgent layers) throws IOException {
        Path folder = folder(uid).resolve(volume).resolve(image.substring(image.indexOf(':') + 1));
        if (PodVolumes.mounted(folder)) {
            return folder;
        }
        Files.createDirectories(folder);
        List<Path> kept = layers.keep(key(uid, folder), image);
        Path near = near(kept);
        PodVolumes.run(command(near, kept, folder), near);
        return folder;
    }

    /** Lets go of the pod's images. Nothing is mounted any more. */
    void release(String uid) throws IOException {
        List<Path> folders = new ArrayList<>();
        for (Path volume : children(folder(uid))) {
            folders.addAll(children(volume));
        }
        if (folders.isEmpty()) {
            return;
        }
        Optional<ByAgent> layers =
                switch (runtime.imageVolumes()) {
                    case ByAgent now -> Optional.of(now);
                    case ImageVolumes.ByRuntime(Optional<ByAgent> before) -> before;
                    case ImageVolumes.Unsupported unsupported -> Optional.empty();
                };
        for (Path folder : folders) {
            layers.ifPresent(each -> each.release(key(uid, folder)));
        }
    }

    private Path folder(String uid) {
        return pods.resolve(uid).resolve("volumes").resolve("kubernetes.io~image");
    }

    private static List<Path> children(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.toList();
        }
    }

    /** Good as the name of a snapshot and of a container. */
    static String key(String uid, Path folder) {
        return "mokube-image-volume_" + uid + "_"
                + Objects.requireNonNull(folder.getParent()).getFileName() + "_" + folder.getFileName();
    }

    /** The folder that all layers are below: seen from there their names are short, which the kernel wants. */
    static Path near(List<Path> layers) {
        Path near = Objects.requireNonNull(layers.getFirst().getParent());
        for (Path layer : layers) {
            while (!layer.startsWith(near)) {
                near = Objects.requireNonNull(near.getParent());
            }
        }
        return near;
    }

    /**
     * An overlay without a layer to write to, which is read-only as a whole. It wants two layers at least: the lowest is the
     * empty folder that it is mounted on.
     */
    static List<String> command(Path near, List<Path> layers, Path folder) {
        List<String> lower = new ArrayList<>();
        layers.forEach(layer -> lower.add(near.relativize(layer).toString()));
        lower.add(folder.toString());
        return List.of(
                "mount",
                "-t",
                "overlay",
                "-o",
                "ro,noexec,lowerdir=" + String.join(":", lower),
                "overlay",
                folder.toString());
    }
}
