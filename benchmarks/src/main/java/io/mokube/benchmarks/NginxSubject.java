package io.mokube.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** nginx serving one file, over TLS with the given certificate. */
final class NginxSubject implements Subject {

    private final Process process;
    private final URI target;

    private NginxSubject(Process process, URI target) {
        this.process = process;
        this.target = target;
    }

    /** Where nginx is installed, on PATH or where Debian puts it. */
    static Optional<Path> command() {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.concat(Stream.of(path.split(":")), Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, "nginx"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Starts nginx.
     *
     * @param folder a folder of its own
     * @param certificate the chain and the key, in PEM
     */
    static NginxSubject start(Path folder, byte[] file, TlsFiles certificate) throws IOException {
        Path nginx =
                command().orElseThrow(() -> new IOException("nginx is not installed (Debian: apt-get install nginx)"));
        Files.createDirectories(folder.resolve("www"));
        Files.write(folder.resolve("www/list.json"), file);
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        String listen = """
                listen 127.0.0.1:%d ssl;
                ssl_certificate %s;
                ssl_certificate_key %s;
                ssl_protocols TLSv1.3;
                """.formatted(port, certificate.chain(), certificate.key());
        Path config = folder.resolve("nginx.conf");
        Files.writeString(config, """
                daemon off;
                user root;
                worker_processes 2;
                error_log stderr warn;
                pid %1$s/nginx.pid;
                events { worker_connections 1024; }
                http {
                  access_log off;
                  sendfile on;
                  tcp_nopush on;
                  keepalive_requests 1000000;
                  types { application/json json; }
                  client_body_temp_path %1$s/body;
                  proxy_temp_path %1$s/proxy;
                  fastcgi_temp_path %1$s/fastcgi;
                  uwsgi_temp_path %1$s/uwsgi;
                  scgi_temp_path %1$s/scgi;
                  server {
                    %2$s
                    root %1$s/www;
                  }
                }
                """.formatted(folder, listen));
        Process process = new ProcessBuilder(nginx.toString(), "-c", config.toString(), "-p", folder.toString())
                .inheritIO()
                .start();
        URI target = URI.create("https://127.0.0.1:" + port + "/list.json");
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (true) {
            try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (probe.isConnected()) {
                    return new NginxSubject(process, target);
                }
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    process.destroyForcibly();
                    throw new IOException("nginx does not start; its configuration is " + config, e);
                }
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public String name() {
        return "nginx, same bytes from a file";
    }

    @Override
    public URI target() {
        return target;
    }

    @Override
    public Duration cpu() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .map(handle -> handle.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
