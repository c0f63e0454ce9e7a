package io.mokube.client;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.Platform;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A real API server in this JVM, with its state in memory, and its admin's client. */
public final class ServerFixture implements AutoCloseable {

    private final ApiServer server;
    private final ApiClient client;

    public ServerFixture(Path folder) {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        client = new ApiClient(config(), Platform.system());
    }

    public ApiServer server() {
        return server;
    }

    public ApiClient client() {
        return client;
    }

    public ClientConfig config() {
        return ClientConfig.fromKubeconfig(server.adminKubeconfig());
    }

    /** A client that goes through another address, such as a proxy's. */
    public ApiClient clientAt(URI address) {
        ClientConfig direct = config();
        return new ApiClient(
                new ClientConfig(
                        address,
                        direct.caPem(),
                        direct.certificatePem(),
                        direct.keyPem(),
                        direct.bearerToken(),
                        "test"),
                Platform.system());
    }

    public static ConfigMap configMap(String name, String... keysAndValues) {
        ConfigMapBuilder builder = new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            builder.addToData(Map.of(keysAndValues[i], keysAndValues[i + 1]));
        }
        return builder.build();
    }

    @Override
    public void close() {
        client.close();
        server.stop(Duration.ZERO);
    }
}
