package io.mokube.benchmarks;

import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;

/** The agents of many nodes in one process: {@code KUBECONFIG NODES}. */
final class HollowFleetMain {

    private HollowFleetMain() {}

    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        ClientConfig config = ClientConfig.fromKubeconfig(Path.of(arguments[0])).withUserAgent("kubelet");
        try (ApiClient client = new ApiClient(config, Platform.system());
                HollowFleet fleet = new HollowFleet(client, Integer.parseInt(arguments[1]))) {
            fleet.start();
            JavaSubject.sayReady(config.server(), config.server());
            JavaSubject.serveParent();
        }
        System.exit(0);
    }
}
