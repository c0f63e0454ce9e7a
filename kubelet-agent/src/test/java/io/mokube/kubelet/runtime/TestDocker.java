package io.mokube.kubelet.runtime;

import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.kubelet.runtime.docker.DockerConfig;
import io.mokube.kubelet.runtime.docker.DockerEngine;
import io.mokube.kubelet.runtime.docker.DockerRuntime;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.DockerDaemon;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A real Docker Engine of a test's own with a network for one node; nothing of it is left after {@link #close}. */
public final class TestDocker implements AutoCloseable {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final DockerDaemon daemon;
    private final DockerConfig config;

    private TestDocker(DockerDaemon daemon, DockerConfig config) {
        this.daemon = daemon;
        this.config = config;
    }

    /** Starts one and loads the demo image. Without Docker, the test fails in CI and is skipped elsewhere. */
    public static TestDocker start() {
        Needs.part("dockerd", DockerDaemon.installed());
        long process = ProcessHandle.current().pid();
        int number = NUMBER.incrementAndGet();
        DockerDaemon daemon = DockerDaemon.start();
        String subnet = "10." + (150 + process % 50) + "." + (process / 50 * 16 + number) % 250 + ".0/24";
        TestDocker docker = new TestDocker(
                daemon, new DockerConfig(daemon.socket(), "mkd" + process % 1_000_000 + "x" + number, subnet, subnet));
        try {
            Path archive = Files.createTempFile("demo", ".tar");
            DemoImage.write(archive);
            docker.engine().loadImage(archive);
            Files.delete(archive);
            return docker;
        } catch (IOException e) {
            docker.close();
            throw new UncheckedIOException(e);
        }
    }

    public DockerConfig config() {
        return config;
    }

    public DockerDaemon daemon() {
        return daemon;
    }

    public DockerEngine engine() {
        return new DockerEngine(config.socket());
    }

    public DockerRuntime connect() {
        return new DockerRuntime(config, Clock.system());
    }

    @Override
    public void close() {
        engine().removeAll(config.network());
        daemon.close();
    }
}
