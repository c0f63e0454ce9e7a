package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A real API server with the controllers beside it, under the controllers' own identity, driven by the real kubectl. */
final class LiveCluster implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ApiServer server;
    private final ApiClient client;
    private final ControllerManager controllers;

    private LiveCluster(Path folder, UnaryOperator<ControllerManagerConfig> configure) {
        Needs.part("kubectl", hasKubectl());
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system());
        ClientConfig identity =
                ClientConfig.fromKubeconfig(server.certificates().kubeconfig("controller-manager"));
        controllers = new ControllerManager(
                configure.apply(
                        ControllerManagerConfig.standard(identity).withKeys(ClusterKeys.of(folder.resolve("pki")))),
                Platform.system());
        controllers.start();
    }

    static LiveCluster start(Path folder, UnaryOperator<ControllerManagerConfig> configure)
            throws InterruptedException {
        LiveCluster cluster = new LiveCluster(folder, configure);
        Await.until(
                PATIENCE,
                "the controllers run",
                () -> cluster.controllers.isLeader()
                        && cluster.controllers.readiness().ready());
        return cluster;
    }

    ApiServer server() {
        return server;
    }

    /** The administrator's. */
    ApiClient client() {
        return client;
    }

    /** What kubectl says; it must succeed. */
    String kubectl(String... arguments) {
        return run("", true, arguments);
    }

    /** Applies manifests; it must succeed. */
    String apply(String manifests) {
        return run(manifests, true, "apply", "-f", "-");
    }

    /** Applies manifests as another user; it must succeed. */
    String applyAs(String user, String manifests) {
        return run(manifests, true, "create", "--as", user, "-f", "-");
    }

    /** What kubectl says; it must fail. */
    String refused(String... arguments) {
        return run("", false, arguments);
    }

    private String run(String input, boolean succeeds, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("kubectl", "--kubeconfig", server.adminKubeconfig().toString()));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue() == 0)
                    .as(String.join(" ", command) + "\n" + output)
                    .isEqualTo(succeeds);
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static boolean hasKubectl() {
        try {
            Process process = new ProcessBuilder("kubectl", "version", "--client")
                    .redirectErrorStream(true)
                    .start();
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        controllers.stop(Duration.ZERO);
        client.close();
        server.stop(Duration.ZERO);
    }
}
