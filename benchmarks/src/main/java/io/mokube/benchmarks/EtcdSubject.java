package io.mokube.benchmarks;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** One etcd member with its data in a folder of its own, with etcd's own settings, so every write is synced. */
final class EtcdSubject implements Subject {

    private final Process process;
    private final URI address;

    private EtcdSubject(Process process, URI address) {
        this.process = process;
        this.address = address;
    }

    static EtcdSubject start(Path folder) throws IOException, InterruptedException {
        URI client = free();
        URI peer = free();
        Files.createDirectories(folder);
        Process process = new ProcessBuilder(
                        "etcd",
                        "--data-dir=" + folder.resolve("data"),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=default=" + peer,
                        "--quota-backend-bytes=8589934592")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("etcd.log").toFile())
                .start();
        EtcdSubject etcd = new EtcdSubject(process, client);
        for (int i = 0; i < 300 && process.isAlive(); i++) {
            try (Socket probe = new Socket(client.getHost(), client.getPort())) {
                return etcd;
            } catch (IOException e) {
                process.waitFor(100, TimeUnit.MILLISECONDS);
            }
        }
        etcd.close();
        throw new IOException("etcd does not serve; see " + folder.resolve("etcd.log"));
    }

    private static URI free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort());
        }
    }

    @Override
    public String name() {
        return "the same values straight into etcd with jetcd";
    }

    @Override
    public URI target() {
        return address;
    }

    @Override
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
