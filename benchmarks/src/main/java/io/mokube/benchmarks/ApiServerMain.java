package io.mokube.benchmarks;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.StoreConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * An API server in a process of its own: {@code FOLDER TOKENS [ETCD]}. Its state is in memory, or in the etcd at this
 * address; it serves with and without TLS.
 */
final class ApiServerMain {

    private ApiServerMain() {}

    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        ApiServerConfig config = ApiServerConfig.inMemory(Path.of(arguments[0]))
                .withTokenFile(Path.of(arguments[1]))
                .withPlainTextPort(0);
        if (arguments.length > 2) {
            config = config.withStore(new StoreConfig.Etcd(List.of(URI.create(arguments[2])), null, null, null));
        }
        ApiServer server = new ApiServer(config, Platform.system());
        server.start();
        JavaSubject.sayReady(server.publicUri(), server.plainTextUri());
        JavaSubject.serveParent();
        server.stop(Duration.ofSeconds(1));
        System.exit(0);
    }
}
