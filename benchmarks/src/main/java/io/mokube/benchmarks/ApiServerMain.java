package io.mokube.benchmarks;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;

/**
 * An API server with its state in memory, in a process of its own: {@code FOLDER TOKENS}. It serves with and without TLS.
 */
final class ApiServerMain {

    private ApiServerMain() {}

    public static void main(String[] arguments) throws Exception {
        ApiServerConfig config = ApiServerConfig.inMemory(Path.of(arguments[0]))
                .withTokenFile(Path.of(arguments[1]))
                .withPlainTextPort(0);
        ApiServer server = new ApiServer(config, Platform.system());
        server.start();
        JavaSubject.sayReady(server.publicUri(), server.plainTextUri());
        // The parent closes our input when it is done, or dies.
        while (System.in.read() >= 0) {
            Thread.onSpinWait();
        }
        server.stop(Duration.ofSeconds(1));
        System.exit(0);
    }
}
