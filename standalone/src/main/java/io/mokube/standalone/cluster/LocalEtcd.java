package io.mokube.standalone.cluster;

import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One etcd member on loopback, for a cluster that keeps its state in etcd and was given none. Not thread-safe. */
final class LocalEtcd implements Component {

    private final Path data;
    private final Path log;
    private final URI clientUrl;
    private final URI peerUrl;
    private @Nullable Process process;

    LocalEtcd(Path data, Path log) {
        this.data = data;
        this.log = log;
        clientUrl = freeUrl();
        peerUrl = freeUrl();
    }

    private static URI freeUrl() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort());
        } catch (IOException e) {
            throw new ComponentException("no free port on loopback: " + e.getMessage(), e);
        }
    }

    /** Where clients reach it. */
    URI clientUrl() {
        return clientUrl;
    }

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public void start() {
        try {
            Files.createDirectories(data);
            endLeftover();
            process = new ProcessBuilder(List.of(
                            "etcd",
                            "--name=default",
                            "--data-dir=" + data,
                            "--listen-client-urls=" + clientUrl,
                            "--advertise-client-urls=" + clientUrl,
                            "--listen-peer-urls=" + peerUrl,
                            "--initial-advertise-peer-urls=" + peerUrl,
                            "--initial-cluster=default=" + peerUrl))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new ComponentException("can't start etcd: " + e.getMessage(), e);
        }
    }

    /** Ends the member that a killed cluster left behind: it holds the data's lock. */
    private void endLeftover() {
        String argument = "--data-dir=" + data;
        ProcessHandle.allProcesses()
                .filter(each -> each.info()
                        .arguments()
                        .map(arguments -> List.of(arguments).contains(argument))
                        .orElse(false))
                .forEach(each -> {
                    each.destroyForcibly();
                    each.onExit().join();
                });
    }

    @Override
    public Readiness readiness() {
        return process != null && process.isAlive()
                ? Readiness.READY
                : Readiness.waitingFor("etcd ended; its log is " + log);
    }

    @Override
    public void stop(Duration grace) {
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
