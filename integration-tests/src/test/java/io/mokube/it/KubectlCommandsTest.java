package io.mokube.it;

import io.mokube.machinery.component.Platform;
import io.mokube.standalone.cluster.Cluster;
import io.mokube.standalone.cluster.ClusterConfig;
import io.mokube.standalone.cluster.RuntimeKind;
import io.mokube.standalone.cluster.StoreKind;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every command of kubectl, in old and new versions, and Helm's, on a cluster without containers. */
class KubectlCommandsTest {

    private static final List<String> KUBECTL = List.of("1.27", "1.31", "1.33", "1.35");
    private static final List<String> HELM = List.of("3", "4");

    @TempDir
    static Path folder;

    private static Cluster cluster;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        Files.createDirectories(folder.resolve("cluster"));
        ClusterConfig config = new ClusterConfig(
                folder.resolve("cluster"), KUBECTL.size() + 1, RuntimeKind.HOLLOW, StoreKind.EMBEDDED, List.of(), 0);
        cluster = new Cluster(config, Platform.system(), line -> {});
        cluster.start();
        cluster.awaitNodesReady(Duration.ofSeconds(60));
        // Discovery is the same for all transcripts: what registers itself has done so.
        Await.passes(
                Duration.ofSeconds(30),
                () -> Kubectl.any()
                        .run(kubeconfig(), "get", "--raw", "/apis/scheduling.mokube.io/v1")
                        .orFail());
    }

    @AfterAll
    static void stop() {
        cluster.stop(Duration.ofSeconds(5));
    }

    private static Path kubeconfig() {
        return folder.resolve("cluster").resolve("kubeconfig");
    }

    @TestFactory
    Stream<DynamicTest> kubectl() throws InterruptedException {
        NavigableMap<String, Kubectl> found = Kubectl.found();
        List<Transcripts.Variant> variants = new ArrayList<>();
        for (String version : KUBECTL) {
            Kubectl kubectl = found.get(version);
            Needs.part("kubectl " + version, kubectl != null);
            variants.add(new Transcripts.Variant(
                    version,
                    Map.of("kubectl", Objects.requireNonNull(kubectl).binary()),
                    "node-" + (variants.size() + 1)));
        }
        return new Transcripts(kubeconfig(), folder).play("kubectl", variants);
    }

    @TestFactory
    Stream<DynamicTest> helm() throws InterruptedException {
        List<Transcripts.Variant> variants = new ArrayList<>();
        for (String version : HELM) {
            Optional<Path> helm = Kubectl.program("helm." + version);
            Needs.part("helm " + version, helm.isPresent());
            variants.add(new Transcripts.Variant(
                    version,
                    Map.of("helm", helm.orElseThrow(), "kubectl", Kubectl.any().binary()),
                    "node-1"));
        }
        return new Transcripts(kubeconfig(), folder).play("helm", variants);
    }
}
