package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.Namespace;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ListOptions;
import io.mokube.machinery.component.Platform;
import io.mokube.standalone.cluster.Cluster;
import io.mokube.standalone.cluster.ClusterConfig;
import io.mokube.standalone.cluster.RuntimeKind;
import io.mokube.standalone.cluster.StoreKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Control planes as tests start them, one after another in this JVM: {@code FOLDER COUNT}. */
final class EmbeddedStartsMain {

    /** What stands before the seconds that each took. */
    static final String ANSWERED = "answered after ";

    private EmbeddedStartsMain() {}

    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            Path folder = Files.createDirectories(Path.of(arguments[0]).resolve("cluster-" + i));
            long begun = System.nanoTime();
            ClusterConfig config = new ClusterConfig(folder, 0, RuntimeKind.HOLLOW, StoreKind.MEMORY, List.of(), 0);
            Cluster cluster = new Cluster(config.withAdvertiseAddress("127.0.0.1"), Platform.system(), step -> {});
            cluster.start();
            try (ApiClient client =
                    new ApiClient(ClientConfig.fromKubeconfig(folder.resolve("kubeconfig")), Platform.system())) {
                if (client.resource(Namespace.class)
                        .list("", ListOptions.ALL)
                        .items()
                        .isEmpty()) {
                    throw new IllegalStateException("a cluster has namespaces");
                }
            }
            System.out.println(ANSWERED + (System.nanoTime() - begun) / 1e9);
            cluster.stop(Duration.ofSeconds(1));
        }
        System.exit(0);
    }
}
