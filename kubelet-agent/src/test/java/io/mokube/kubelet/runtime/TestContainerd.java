package io.mokube.kubelet.runtime;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher.ContainerdConfig;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A real containerd with folders, network and bridge of its own; nothing of it is left after {@link #close}. */
public final class TestContainerd implements AutoCloseable {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final Path folder;
    private final ContainerdConfig config;
    private final ContainerdLauncher launcher;

    private TestContainerd(Path folder, ContainerdConfig config) {
        this.folder = folder;
        this.config = config;
        this.launcher = new ContainerdLauncher(config, Clock.system());
    }

    /** Starts one and loads the demo image. */
    public static TestContainerd start() {
        long process = ProcessHandle.current().pid();
        int number = NUMBER.incrementAndGet();
        try {
            Path folder = Files.createTempDirectory("mk-ctd");
            ContainerdConfig config = new ContainerdConfig(
                    "test",
                    folder.resolve("root"),
                    folder.resolve("state"),
                    "mkt" + process % 1_000_000 + "x" + number,
                    List.of("10." + (200 + process % 50) + "." + (process / 50 * 16 + number) % 250 + ".0/24"));
            TestContainerd containerd = new TestContainerd(folder, config);
            containerd.launcher.start();
            Path archive = folder.resolve("demo.tar");
            DemoImage.write(archive);
            containerd.launcher.importImage(archive);
            return containerd;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public ContainerdConfig config() {
        return config;
    }

    public Path folder() {
        return folder;
    }

    public ContainerdLauncher launcher() {
        return launcher;
    }

    public CriRuntime connect() {
        return new CriRuntime(config.socket());
    }

    /** Network namespaces that this containerd made and that still exist. */
    public List<String> networkInterfaces() {
        try (Stream<Path> links = Files.list(Path.of("/sys/class/net", config.bridge(), "brif"))) {
            return links.map(path -> path.getFileName().toString()).toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Mounts below this containerd's folders. */
    public List<String> mounts() {
        try {
            return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                    .filter(line -> line.contains(folder.toString()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        launcher.stopWithContainers();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
